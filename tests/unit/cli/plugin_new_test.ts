import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { main } from "../../../src/cli/mod.ts";
import { FakeIo } from "./fake_io.ts";

interface Base extends AsyncDisposable {
  readonly dir: string;
  /** Run `plugin new` in it. */
  make(...args: string[]): Promise<{ code: number; io: FakeIo }>;
  /** Paths of all files and empty directories in it. */
  paths(): Promise<string[]>;
}

async function emptyBase(): Promise<Base> {
  const dir = await Deno.makeTempDir({ prefix: "kuiper_cli_" });
  const paths = async (under = ""): Promise<string[]> => {
    const found: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(join(dir, under))) {
      const path = join(under, name);
      const below = isDirectory ? await paths(path) : [];
      found.push(...(below.length > 0 ? below : [path]));
    }
    return found.sort();
  };
  return {
    dir,
    paths: () => paths(),
    async make(...args) {
      const io = new FakeIo();
      return { code: await main(["plugin", "new", ...args, "--base", dir], io), io };
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

Deno.test("plugin new writes the module, its yaml, the types and a deno.json", async () => {
  await using base = await emptyBase();
  const { code, io } = await base.make("mySource");
  assertEquals(code, 0);
  const files = [
    "etc/sources/mySource.yaml",
    "plugins/deno.json",
    "plugins/kuiper.d.ts",
    "plugins/sources/MySource.ts",
  ];
  assertEquals(await base.paths(), files);
  assertEquals(
    io.out.trimEnd().split("\n").sort(),
    files.map((file) => join(base.dir, file)),
  );
  assertStringIncludes(io.err, "next: kuiper plugin check mySource\n");
  const module = await Deno.readTextFile(join(base.dir, "plugins/sources/MySource.ts"));
  assertStringIncludes(module, "export class MySource implements Source {");
});

Deno.test("plugin new names the type in lower case and the class in upper case", async () => {
  await using base = await emptyBase();
  await base.make("Thermo_2");
  const paths = await base.paths();
  assert(paths.includes("etc/sources/thermo_2.yaml"));
  assert(paths.includes("plugins/sources/Thermo_2.ts"));
});

Deno.test("plugin new writes a sink with its yaml, and a function alone", async () => {
  await using base = await emptyBase();
  const sink = await base.make("mySink", "--kind=sink");
  const clamp = await base.make("clamp", "--kind", "function");
  assertEquals([sink.code, clamp.code], [0, 0], sink.io.err + clamp.io.err);
  assertEquals(await base.paths(), [
    "etc/sinks/mySink.yaml",
    "plugins/deno.json",
    "plugins/functions/clamp.ts",
    "plugins/kuiper.d.ts",
    "plugins/sinks/MySink.ts",
  ]);
  assertStringIncludes(sink.io.err, "next: kuiper plugin check mySink\n");
  assertStringIncludes(sink.io.err, `"actions": [{"mySink": {}}]`);
  assertStringIncludes(clamp.io.err, "SELECT clamp(temperature)");
  const read = (path: string) => Deno.readTextFile(join(base.dir, path));
  assertStringIncludes(
    await read("plugins/sinks/MySink.ts"),
    "export class MySink implements Sink {",
  );
  assertStringIncludes(await read("plugins/functions/clamp.ts"), "export function clamp(");
});

Deno.test("plugin new writes modules that type-check beside their deno.json", async () => {
  await using base = await emptyBase();
  await base.make("mySource");
  await base.make("mySink", "--kind=sink");
  await base.make("clamp", "--kind=function");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "sources/MySource.ts", "sinks/MySink.ts", "functions/clamp.ts"],
    cwd: join(base.dir, "plugins"),
    stdout: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("plugin new keeps the types and the deno.json of an earlier source", async () => {
  await using base = await emptyBase();
  await base.make("one");
  const types = join(base.dir, "plugins/kuiper.d.ts");
  await Deno.writeTextFile(types, "// mine");
  const { code, io } = await base.make("two");
  assertEquals(code, 0);
  assertEquals(await Deno.readTextFile(types), "// mine");
  assertStringIncludes(io.err, `${types} is kept; it differs from what this version writes\n`);
});

for (
  const path of [
    "plugins/sources/MySource.ts",
    "plugins/sources/mySource.js",
    "plugins/sources/MySource@v1.0.0.ts",
    "etc/sources/MySource.yaml",
  ]
) {
  Deno.test(`plugin new writes nothing when ${path} exists`, async () => {
    await using base = await emptyBase();
    await Deno.mkdir(join(base.dir, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(base.dir, path), "mine");
    const { code, io } = await base.make("mySource");
    assertEquals([code, await base.paths()], [1, [path]]);
    assertEquals(
      io.err,
      `error: The source "mySource" exists already: ${join(base.dir, path)}; choose another name\n`,
    );
    assertEquals(await Deno.readTextFile(join(base.dir, path)), "mine");
  });
}

Deno.test("plugin new takes back what it wrote when a later file cannot be written", async () => {
  await using base = await emptyBase();
  await Deno.writeTextFile(join(base.dir, "etc"), "no directory");
  const { code, io } = await base.make("mySource");
  assertEquals(code, 1);
  assertStringIncludes(io.err, "error: ");
  assertEquals(await base.paths(), ["etc"]);
});

Deno.test("plugin new writes no sink or function over one that exists", async () => {
  for (
    const [path, name, kind] of [
      ["plugins/sinks/mySink.js", "MySink", "sink"],
      ["etc/sinks/mySink.yaml", "mySink", "sink"],
      ["plugins/functions/clamp@1.0.0.ts", "clamp", "function"],
    ] as const
  ) {
    await using base = await emptyBase();
    await Deno.mkdir(join(base.dir, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(base.dir, path), "mine");
    const { code, io } = await base.make(name, `--kind=${kind}`);
    assertEquals([code, await base.paths()], [1, [path]]);
    assertStringIncludes(io.err, `error: The ${kind} "`);
    assertStringIncludes(io.err, `exists already: ${join(base.dir, path)}`);
  }
});

const REFUSED: readonly [name: string, kind: string, sentence: string][] = [
  ["my-source", "source", '"my-source" cannot be the name of a source, expected a letter and then'],
  ["../up", "source", '"../up" cannot be the name of a source'],
  ["9lives", "source", '"9lives" cannot be the name of a source'],
  ["mqtt", "source", '"mqtt" is a source of the engine itself'],
  ["memory", "source", '"memory" is a source of the engine itself'],
  ["promise", "source", '"Promise" is a name that every source uses'],
  ["a.b", "sink", '"a.b" cannot be the name of a sink'],
  ["Log", "sink", '"Log" is a sink of the engine itself'],
  ["sinkItem", "sink", '"SinkItem" is a name that every sink uses'],
  ["myFunction", "function", '"myFunction" cannot be the name of a function, expected a small'],
  ["abs", "function", '"abs" is a function of the engine itself'],
  ["manifest", "function", '"manifest" is a name that every function uses'],
  ["delete", "function", '"delete" is a word of TypeScript'],
  ["between", "function", '"between" is a word of SQL'],
  ["mine", "door", '--kind is "door", expected "source", "sink" or "function"'],
];
for (const [name, kind, sentence] of REFUSED) {
  Deno.test(`plugin new refuses the ${kind} ${name}`, async () => {
    await using base = await emptyBase();
    const { code, io } = await base.make(name, `--kind=${kind}`);
    assertEquals([code, await base.paths()], [2, []]);
    assertStringIncludes(io.err, `error: ${sentence}`);
  });
}
