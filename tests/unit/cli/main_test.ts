import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { main } from "../../../src/cli/mod.ts";
import { fail } from "../../../src/core/mod.ts";
import { FakeIo } from "./fake_io.ts";

async function run(line: string, io = new FakeIo()): Promise<{ code: number; io: FakeIo }> {
  const code = await main(line === "" ? [] : line.split(" "), io);
  return { code, io };
}

// -- Help --

Deno.test("main() shows all commands on stderr when nothing is asked for", async () => {
  const { code, io } = await run("");
  assertEquals([code, io.out], [2, ""]);
  for (const { words } of COMMANDS) assertStringIncludes(io.err, `  ${words} `);
});

for (const line of ["--help", "-h", "help"]) {
  Deno.test(`main() shows all commands on stdout for ${line}`, async () => {
    const { code, io } = await run(line);
    assertEquals([code, io.err], [0, ""]);
    for (const { words } of COMMANDS) assertStringIncludes(io.out, `  ${words} `);
  });
}

for (const { words } of COMMANDS) {
  Deno.test(`main() shows the help of ${words} in both forms, with examples`, async () => {
    const { code, io } = await run(`help ${words}`);
    const { io: other } = await run(`${words} --help`);
    assertEquals([code, io.err, other.err], [0, "", ""]);
    assertEquals(io.out, other.out);
    assertStringIncludes(io.out, `Usage:\n  kuiper ${words}`);
    assert(/Examples:\n {2}# \S.*\n {2}\S/.test(io.out), io.out);
    for (const line of io.out.split("\n")) assert(line.length <= 130, line);
  });
}

Deno.test("main() shows a family of commands for help with half of their words", async () => {
  const { io } = await run("help plugin");
  assertStringIncludes(io.out, "kuiper plugin new");
  assertStringIncludes(io.out, "kuiper plugin check");
});

// -- Wrong usage --

const USAGE: readonly [line: string, sentence: string][] = [
  ["rnu demo", 'Unknown command "rnu demo", did you mean "run"?'],
  ["frobnicate", 'Unknown command "frobnicate", "kuiper help" lists the commands'],
  ["create strem x", 'Unknown command "create strem", did you mean "create stream"?'],
  ["show stream", 'Unknown command "show stream", did you mean "show streams"?'],
  ["plugin", '"plugin" is half a command, expected "plugin new", "plugin check", "plugin add", '],
  ["create table t", '"create table" is not in this version'],
  ["create rule r", 'The rule "r" is missing: '],
  ["create rule r {", "The rule is no JSON: "],
  ["create rule r []", "The rule is no object, expected "],
  ["token new", "NAME is missing"],
  ["token new a/b", 'NAME is "a/b", expected letters, digits'],
  ["plugin add x", "URL is missing"],
  ["plugin add x https://a.b/c.ts --net=a,,b", '--net is "a,,b", an item of it is empty'],
  ["plugin update --net=a", "A grant is of one plugin: give its NAME"],
  ["create plugin sinc x {}", 'KIND is "sinc", expected "source", "sink" or "function"'],
  ["show plugins portables", 'KIND is "portables", expected "source", "sink" or "function"'],
  ["plugin add x https://a.b/c.ts --kind=sinc", '--kind is "sinc", expected "source", "sink" or'],
  ["create plugin source x {}", 'JSON is {}, it needs the key "file" with a URL'],
  ["run demo --limt 5", 'Unknown flag "--limt", did you mean "--limit"?'],
  ["run demo --limt=5", 'Unknown flag "--limt", did you mean "--limit"?'],
  ["run demo -x", 'Unknown flag "-x", expected "--file", '],
  ["run demo --limit", "--limit needs a value: --limit N (stop after N tuples)"],
  ["run demo --limit five", '--limit is "five", expected a whole number from 1'],
  ["run demo --limit 0", '--limit is "0", expected a whole number from 1'],
  ["run demo --limit 1.5", '--limit is "1.5"'],
  ["run demo --format xml", '--format is "xml", expected "table" or "ndjson"'],
  ["run demo --log-level loud", '--log-level is "loud", expected "debug", "info", "warn" or '],
  ["run demo two", 'Unexpected argument "two"'],
  ["run", "NAME is missing"],
  ["run demo --type random", "--type runs a source with no stream defined"],
  ["run demo --conf-key k", "--conf-key goes with --type only"],
  ["drop stream", "NAME is missing"],
  ["create stream demo () WITH", 'Unexpected argument "WITH"; put quotes around the definition'],
  ["demo --mqtt http://user:hunter2@host", "--mqtt is no address of a broker"],
];
for (const [line, sentence] of USAGE) {
  Deno.test(`main() refuses "kuiper ${line}" with one sentence and exit code 2`, async () => {
    const { code, io } = await run(line);
    assertEquals([code, io.out], [2, ""]);
    assertStringIncludes(io.err, `error: ${sentence}`);
    assert(!io.err.includes("hunter2"));
  });
}

Deno.test("main() names the help of the command after wrong usage", async () => {
  const { io } = await run("run demo --limt 5");
  assertStringIncludes(io.err, "\n  try: kuiper help run\n");
});

Deno.test("main() takes common flags before the command", async () => {
  const engine = { streamNames: () => Promise.resolve(["a"]) };
  const { code, io } = await run("--base /srv/k --stack show streams", new FakeIo({ engine }));
  assertEquals([code, io.out, io.opened[0]?.base], [0, "a\n", "/srv/k"]);
});

// -- Errors --

Deno.test("main() says an error in one sentence, and its causes with --stack", async () => {
  const cause = new TypeError("the root of it");
  const engine = { streamNames: () => Promise.reject(fail("io", "Cannot read the store", cause)) };
  const short = await run("show streams", new FakeIo({ engine }));
  assertEquals([short.code, short.io.err], [1, "error: Cannot read the store\n"]);
  const long = await run("show streams --stack", new FakeIo({ engine }));
  assertStringIncludes(long.io.err, "caused by: TypeError: the root of it\n    at ");
});

Deno.test("main() gives an unexpected error without its stack, and where to get that", async () => {
  const engine = { streamNames: () => Promise.reject(new RangeError("out of bounds")) };
  const { code, io } = await run("show streams", new FakeIo({ engine }));
  assertEquals(code, 1);
  assertEquals(io.err, "error: out of bounds (this should not happen; --stack shows where)\n");
});

for (
  const end of [
    "run again with the --allow-write flag",
    "specify the required permissions during compilation using `deno compile --allow-write`",
  ]
) {
  Deno.test(`main() names the permission that is missing when the runtime says: ${end}`, async () => {
    const denied = new Deno.errors.NotCapable(`Requires write access to "/srv, k", ${end}`);
    const engine = { streamNames: () => Promise.reject(denied) };
    const { code, io } = await run("show streams", new FakeIo({ engine }));
    assertEquals([code, io.err.split(";")[0]], [
      1,
      'error: This executable was made without write access to "/srv, k"',
    ]);
  });
}

Deno.test("main() resolves with 1 and a sentence for an error that nobody caught", async () => {
  const engine = { streamNames: () => new Promise<string[]>(() => {}) };
  const io = new FakeIo({ engine });
  const code = main(["show", "streams"], io);
  io.crash(new Error("lost"));
  assertEquals([await code, io.err.split("\n")[0]], [
    1,
    "error: lost (this should not happen; --stack shows where)",
  ]);
});

Deno.test("main() ends with 0 when nobody reads its output", async () => {
  const io = new FakeIo();
  io.broken = new Deno.errors.BrokenPipe("Broken pipe");
  assertEquals([await main(["help"], io), io.err], [0, ""]);
});

Deno.test("main() says when its output cannot be written", async () => {
  const io = new FakeIo();
  io.broken = new Error("No space left on device (os error 28)");
  assertEquals(await main(["help"], io), 1);
  assertStringIncludes(io.err, "Cannot write to standard output: No space left on device");
});

// -- Small commands --

Deno.test("main() prints the contract's declarations for types", async () => {
  const { io } = await run("types");
  assertStringIncludes(io.out, "export interface Source {");
});

Deno.test("main() prints what the program is made of for version", async () => {
  const { code, io } = await run("version");
  assertEquals(code, 0);
  assertStringIncludes(io.out, `deno        ${Deno.version.deno}`);
  const facts = JSON.parse((await run("version --json")).io.out);
  assertEquals(facts.v8, Deno.version.v8);
});

Deno.test("main() says on stderr that there are no streams", async () => {
  const engine = { streamNames: () => Promise.resolve([]) };
  const { code, io } = await run("show streams", new FakeIo({ engine }));
  assertEquals([code, io.out], [0, ""]);
  assertStringIncludes(io.err, "there are no streams");
});
