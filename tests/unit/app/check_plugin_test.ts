import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { App, type CheckStep } from "../../../src/app.ts";
import { createLogger, KuiperError } from "../../../src/core/mod.ts";

type Options = Omit<Parameters<App["checkPlugin"]>[0], "target">;

/** Check a plugin among these files of a base directory. */
async function check(
  files: Record<string, string>,
  target: string,
  options: Options = {},
): Promise<{ passed: boolean; steps: CheckStep[]; text: string; lines: string[] }> {
  const base = await Deno.makeTempDir({ prefix: "kuiper_check_" });
  const lines: string[] = [];
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(`${base}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${base}/${name}`, text);
    }
    const log = createLogger((line) => lines.push(line), { level: "info" });
    await using app = await App.open({ base, env: {}, log });
    const steps: CheckStep[] = [];
    const path = target.includes("/") ? `${base}/${target}` : target;
    const passed = await app.checkPlugin({ ...options, target: path }, (step) => steps.push(step));
    const text = steps.map(({ name, ok, text }) => `${ok ? "ok" : "no"} ${name} ${text}`);
    for (const one of steps) one.text = one.text.replaceAll(`${base}/`, "");
    return { passed, steps, text: text.join("\n").replaceAll(`${base}/`, ""), lines };
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

/** The only step that failed, and its text. */
function failure({ passed, steps }: { passed: boolean; steps: CheckStep[] }): string {
  const failed = steps.filter(({ ok }) => !ok);
  assert(!passed);
  assertEquals(failed.length, 1, JSON.stringify(steps));
  return `${failed[0]!.name}: ${failed[0]!.text}`;
}

const names = ({ steps }: { steps: CheckStep[] }) => steps.map(({ name }) => name).join(" ");

const sink = (code: string) => ({ "plugins/sinks/Mine.js": code });
const rows = (collect: string) =>
  sink(`import { BackOff, NotConnected } from "kuiper";
  export class Mine { takes = "rows"; configure() {} ${collect} }`);

// -- Sinks --

Deno.test("checkPlugin() hands a sink one row, an array and several items, and closes it", async () => {
  const checked = await check(
    sink(`
    export const manifest = { contract: 1, version: "2.0.0", description: "Tells" };
    export class Mine {
      takes = "rows";
      configure(props, ctx) { ctx.log.info("configured " + JSON.stringify(props)); }
      collect(items, ctx) {
        ctx.log.info("got " + items.map(({ message }) => Array.isArray(message) ? "array" : "row"));
      }
      close(ctx) { ctx.log.info("closed " + ctx.signal.aborted); }
    }`),
    "mine",
    { props: { a: 1 } },
  );
  assert(checked.passed, checked.text);
  assertEquals(names(checked), "find load export configure open single array several close");
  assertStringIncludes(checked.text, "plugins/sinks/Mine.js; no configuration file; grant: none");
  assertStringIncludes(checked.text, '"Mine", a class that takes rows; 2.0.0, Tells');
  const said = checked.lines.map((line) => /(configured|got|closed).*/.exec(line)?.[0]);
  assertEquals(said, [
    'configured {"a":1}',
    "got row",
    "got array",
    "got row,row,array",
    "closed true",
  ]);
});

Deno.test("checkPlugin() encodes for a sink that takes bytes, by the format that is asked for", async () => {
  const tells = sink(`export default { configure() {}, collect(items, ctx) {
    ctx.log.info("got " + new TextDecoder().decode(items[0].payload)); } };`);
  const json = await check(tells, "mine", { row: { n: 9007199254740993n } });
  assert(json.passed, json.text);
  assert(json.lines.some((line) => line.endsWith('got {"n":9007199254740993}')));
  const delimited = await check(tells, "mine", { format: "delimited", row: { a: 1, b: "x" } });
  assert(delimited.lines.some((line) => line.endsWith("got 1,x")), delimited.lines.join("\n"));
  assert((await check(tells, "mine", { format: "binary" })).passed);
  const wrong = await check(tells, "mine", { format: "binary", row: { a: 1 } });
  assert(!wrong.passed);
  assertStringIncludes(wrong.text, "no single Cannot encode as binary");
});

Deno.test("checkPlugin() says what a sink refuses, cannot take, fails with, and lacks", async () => {
  const refuses = `collect(items, ctx) {
    if (!Array.isArray(items[0].message)) return;
    ctx.refuse(0, "no arrays");
  }`;
  assertStringIncludes(
    failure(await check(rows(refuses), "mine")),
    "array: refused: no arrays; hand it a row that it takes with --row",
  );
  const cases: readonly [collect: string, sentence: string][] = [
    [`collect() { throw new NotConnected("away"); }`, "it cannot take them now: away"],
    [`collect() { throw new BackOff(5, "slow"); }`, "it cannot take them now: slow"],
    [`collect(items) { JSON.stringify(items); }`, "failed in collect: Do not know how to"],
    [`async collect() { await fetch("http://127.0.0.1:8099/"); }`, "was denied net access"],
  ];
  for (const [collect, sentence] of cases) {
    const checked = await check(rows(collect), "mine");
    assert(!checked.passed, sentence);
    assertStringIncludes(checked.text, sentence);
  }
});

Deno.test("checkPlugin() tells where a sink fails before it takes anything, and when it does not close", async () => {
  const cases: readonly [code: string, sentence: string][] = [
    [`export class Mine { configure() {} }`, 'load: Cannot load sink "mine": an instance of Mine'],
    [
      `export class Mine { configure() { throw new Error("no a"); } collect() {} }`,
      'configure: Sink "mine" failed in configure: no a',
    ],
    [
      `import { NotConnected } from "kuiper"; export class Mine { configure() {} collect() {}
        open() { throw new NotConnected("away"); } }`,
      'open: Sink "mine" failed in open: away',
    ],
    [
      `export class Mine { configure() {} collect() {} close() { throw new Error("stuck"); } }`,
      "close: closing failed: stuck",
    ],
    [
      `export class Mine { configure() {} collect() {} close() { return new Promise(() => {}); } }`,
      "close: it did not close within 1 s and was cut off",
    ],
  ];
  for (const [code, sentence] of cases) {
    assertStringIncludes(failure(await check(sink(code), "mine")), sentence);
  }
});

Deno.test("checkPlugin() configures a sink by its yaml, the section that is asked for and its manifest", async () => {
  const files = {
    ...sink(`export const manifest = { contract: 1, properties: { type: "object",
      properties: { word: { type: "string" } } } };
      export class Mine { configure({ word }, ctx) { ctx.log.info("word " + word); } collect() {} }`),
    "etc/sinks/mine.yaml": "default:\n  word: a\nother:\n  word: b\n",
  };
  const checked = await check(files, "mine", { confKey: "other" });
  assert(checked.passed, checked.text);
  assertStringIncludes(checked.text, "; etc/sinks/mine.yaml; grant: none");
  assert(checked.lines.some((line) => line.endsWith("word b")));
  assertStringIncludes(
    failure(await check(files, "mine", { confKey: "none" })),
    'find: Sink "mine": etc/sinks/mine.yaml has no section "none"',
  );
  assertStringIncludes(
    failure(await check(files, "mine", { props: { word: 7 } })),
    'load: Sink "mine": "word" is 7',
  );
});

Deno.test("checkPlugin() tries a built-in sink, too", async () => {
  const checked = await check({}, "nop", { kind: "sink" });
  assert(checked.passed, checked.text);
  assertStringIncludes(checked.text, "ok find built in");
});

// -- Functions --

const fn = (code: string) => ({ "plugins/functions/mine.js": code });

Deno.test("checkPlugin() calls a function with values of each type, nulls, again and for a batch", async () => {
  const checked = await check(
    fn(`export function mine(a, b) {
    if (typeof a === "boolean") throw new TypeError("no booleans");
    return [a, b].map(String).join("/");
  }`),
    "mine",
  );
  assert(checked.passed, checked.text);
  assertEquals(names(checked), "find load export call null again batch");
  assertStringIncludes(checked.text, '"mine", a function of 2 parameters');
  assertStringIncludes(checked.text, "10 calls, 1 of them refused");
  assertStringIncludes(
    checked.text,
    "mine(9007199254740993, 9007199254740993) = " +
      '"9007199254740993/9007199254740993"',
  );
  assertStringIncludes(checked.text, "mine(true, true) refused: no booleans");
  assertStringIncludes(checked.text, 'ok null gives "null/null"');
  assertStringIncludes(checked.text, "ok again the same arguments gave the same results");
  assertStringIncludes(checked.text, "ok batch 256 rows");
});

Deno.test("checkPlugin() calls a function with the arguments that it is given", async () => {
  const code = fn(`export default (a, b) => {
    if (a + b !== 3) throw new Error(a + " and " + b);
    return Math.random();
  }`);
  const checked = await check(code, "mine", { args: [1, 2] });
  assert(checked.passed, checked.text);
  assertStringIncludes(checked.text, "1 call\nmine(1, 2) = 0.");
  assertStringIncludes(checked.text, "ok null refused, so that a row without the value is dropped");
  assertStringIncludes(checked.text, "the same arguments gave other results");
  const refused = failure(await check(code, "mine", { args: [1, 1] }));
  assertStringIncludes(refused, "call: it refused every call\nmine(1, 1) refused: 1 and 1");
  assertStringIncludes(
    failure(await check(fn(`export default (a) => a.b.c;`), "mine")),
    "call: it refused every call: say with which it can be called with --args",
  );
});

Deno.test("checkPlugin() refuses a function whose results are no values, that is denied or that ends", async () => {
  const cases: readonly [code: string, sentence: string][] = [
    [
      `export const mine = (a) => a === true ? new Map() : a;`,
      "call: it gave what is no value of SQL",
    ],
    [`export const mine = () => Deno.readTextFile("/etc/hostname");`, "was denied read access"],
    [
      `export const mine = () => { Promise.reject(new Error("late")); return new Promise(() => {}); };`,
      'call: Function "mine" is lost: late',
    ],
    [`export const mine = 1;`, 'load: Cannot load function "mine": the export "mine" is a number'],
  ];
  for (const [code, sentence] of cases) {
    assertStringIncludes(failure(await check(fn(code), "mine")), sentence);
  }
});

// -- Which kind --

Deno.test("checkPlugin() knows what a plugin is by its folder or its name, and asks where it is two", async () => {
  const files = { ...fn(`export default () => 1;`), ...rows("collect() {}") };
  assertEquals(names(await check(files, "plugins/functions/mine.js")).split(" ")[3], "call");
  assertEquals(names(await check(files, "plugins/sinks/Mine.js")).split(" ")[3], "configure");
  const error = await assertRejects(() => check(files, "mine"), KuiperError);
  assertEquals(
    error.message,
    '"mine" is the name of a sink and of a function: say which with "--kind=sink" or "--kind=function"',
  );
  assert((await check(files, "mine", { kind: "function" })).passed);
  await assertRejects(
    () => check(files, "mine", { kind: "function", datasource: "d" }),
    KuiperError,
    '--datasource is for a source, and "mine" is a function: leave it out',
  );
  await assertRejects(
    () => check(files, "mine", { kind: "function", confKey: "k" }),
    KuiperError,
    '--conf-key is for a source or a sink, and "mine" is a function: leave it out',
  );
});

Deno.test("checkPlugin() says of a name that nobody has where it looked", async () => {
  const text = failure(await check({}, "nobody"));
  assertStringIncludes(text, 'find: TYPE "nobody" is not known; looked in plugins/sources/Nobody');
  assertStringIncludes(text, "nor is there a sink or function of that name");
  assertStringIncludes(
    failure(await check({}, "Nobody", { kind: "function" })),
    'There is no function "Nobody" of a plugin; looked in plugins/functions',
  );
  assertStringIncludes(failure(await check({}, "nobody", { kind: "sink" })), "there is no sink");
  assertStringIncludes(failure(await check({}, "plugins/x.ts")), "there is no file of that name");
});

// -- Secrets --

Deno.test("checkPlugin() shows no secret, whatever a plugin says", async () => {
  const config = { "etc/sources/mine.yaml": "default:\n  password: hunter2\n" };
  const source = (open: string) => ({
    ...config,
    "plugins/sources/Mine.js": `import { NotConnected } from "kuiper";
    export class Mine {
      configure(_, props) { this.said = props.password; }
      async *open() { ${open} }
      close() { throw new Error("close " + this.said); }
    }`,
  });
  for (
    const [open, said] of [
      [`throw new NotConnected("gone " + this.said);`, "no open gone ***"],
      [`throw new Error("boom " + this.said);`, "boom ***"],
      [`yield { message: { a: 1 } };`, "no close close failed: close ***"],
    ] as const
  ) {
    const checked = await check(source(open), "mine");
    assertStringIncludes(checked.text, said);
    assert(!checked.text.includes("hunter2"), checked.text);
  }
});
