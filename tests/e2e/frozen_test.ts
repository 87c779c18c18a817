import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryTest, kuiper, makeBase } from "./_kuiper.ts";
import { ANY_PORT, serve, type TestServer } from "./_server.ts";

const MINE = `import { label } from "./lib/label.ts";
export default class {
  configure() {}
  async *open() { yield { message: { label: label(1) } }; }
}
`;
const LABEL = "export const label = (i: number): string => `number ${i}`;\n";
const LIB = "plugins/sources/lib/label.ts";

binaryTest("kuiper run --frozen=all runs files only as kuiper plugin pin pinned them", async () => {
  await using base = await makeBase({ "plugins/sources/Mine.ts": MINE, [LIB]: LABEL });
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  const run = () => call("run", "--type", "mine", "--frozen=all");
  const hashes = (text: string) => text.match(/\b[0-9a-f]{64}\b/g) ?? [];

  const never = await run();
  assertEquals([never.code, never.rows], [1, []]);
  assertMatch(
    never.stderr,
    /plugins\/sources\/Mine\.ts has sha256 .* is not pinned in kuiper\.lock.*"kuiper plugin pin mine"/,
  );
  const pinned = await call("plugin", "pin", "mine");
  assertEquals(pinned.code, 0, pinned.stderr);
  assertMatch(pinned.stdout, /^mine +source +plugins\/sources\/Mine\.ts +\d+ B +[0-9a-f]{12}$/m);
  assertEquals((await run()).rows, [{ label: "number 1" }]);
  assertMatch((await call("plugin", "list")).stdout, /^mine .* [0-9a-f]{12}$/m);
  assertMatch((await call("plugin", "pin")).stderr, /source "mine" is as it was/);

  await base.write({ [LIB]: LABEL.replace("`number", "`Number") });
  const changed = await run();
  assertEquals([changed.code, changed.rows], [1, []]);
  assertStringIncludes(changed.stderr, `${LIB} has sha256 `);
  assertEquals(new Set(hashes(changed.stderr)).size, 2, changed.stderr);
  assertMatch(changed.stderr, /"kuiper plugin pin mine"/);
  // Without the flag files are free to change.
  assertEquals((await call("run", "--type", "mine")).rows, [{ label: "Number 1" }]);

  await base.write({
    "plugins/sources/Mine.ts": MINE.replace("label(1)", '""').replace(/^.*\n/, ""),
  });
  assertMatch((await run()).stderr, /Mine\.ts has sha256 .* pins/);
  await call("plugin", "pin");
  assertEquals((await run()).rows, [{ label: "" }]);
  // What comes inside the executable is pinned by it.
  const random = await call("run", "--type", "random", "--limit", "1", "--frozen=all");
  assertEquals([random.code, random.rows.length], [0, 1], random.stderr);

  await Deno.remove(`${base.path}/plugins/sources/Mine.ts`);
  await call("plugin", "pin");
  assertEquals(
    await Deno.readTextFile(`${base.path}/kuiper.lock`),
    '{\n  "version": 1,\n  "plugins": {}\n}\n',
  );
  const wrong = await call("run", "--type", "random", "--frozen=none");
  assertEquals(wrong.code, 2);
  assertMatch(wrong.stderr, /--frozen is "none", expected "all"/);
  assertMatch(
    (await call("plugin", "pin", "Rando")).stderr,
    /No file of plugins\/sources, plugins\/sinks or plugins\/functions is of the name "Rando"/,
  );
});

const FUNCTION = `import { one } from "./lib/one.ts";
export const more = (n: number): number => n + one;
`;
const ONE = "plugins/functions/lib/one.ts";
const SINK = `export class Told {
  takes = "rows";
  configure() {}
  collect(items, ctx) { for (const { message } of items) ctx.log.info(JSON.stringify(message)); }
}
`;

binaryTest("kuiper --frozen=all holds functions and sinks to kuiper.lock, too", async () => {
  await using base = await makeBase({
    "etc/kuiper.yaml": ANY_PORT,
    "plugins/sources/Mine.ts": `export default class {
      configure() {}
      async *open(ctx) {
        yield { message: { n: 1 } };
        await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
      }
    }`,
    "plugins/functions/more.ts": FUNCTION,
    [ONE]: "export const one = 1;\n",
    "plugins/sinks/Told.js": SINK,
  });
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  await call("create", "stream", "mine", '() WITH (TYPE="mine")');
  const query = () => call("query", "SELECT more(n) AS m FROM mine", "--limit=1", "--frozen=all");
  assertEquals((await call("plugin", "pin", "mine")).code, 0);
  assertMatch(
    (await query()).stderr,
    /plugins\/functions\/more\.ts has sha256 .* is not pinned in kuiper\.lock.*"kuiper plugin pin more --kind=function"/,
  );
  const pinned = await call("plugin", "pin", "more", "--kind=function");
  assertMatch(pinned.stdout, /^more +function +plugins\/functions\/more\.ts +\d+ B/m);
  assertMatch((await call("plugin", "list")).stdout, /^more +function .* [0-9a-f]{12}$/m);
  const good = await query();
  assertEquals([good.code, good.rows], [0, [{ m: 2 }]], good.stderr);
  await base.write({ [ONE]: "export const one = 2;\n" });
  const changed = await query();
  assertEquals([changed.code, changed.rows], [1, []]);
  assertMatch(changed.stderr, /functions\/lib\/one\.ts has sha256 .* pins/);
  await base.write({ [ONE]: "export const one = 1;\n" });

  const rule = {
    sql: "SELECT more(n) AS m FROM mine",
    actions: [{ told: { sendSingle: true } }],
  };
  await call("create", "rule", "r1", JSON.stringify(rule));
  const serving = async (work: (server: TestServer) => Promise<unknown>) => {
    await using server = await serve({ cwd: base.path }, { args: ["--frozen=all"] });
    await work(server);
  };
  await serving((server) =>
    server.running.said(
      /r1.*sinks\/Told\.js has sha256 .* is not pinned .*"kuiper plugin pin told --kind=sink"/,
    )
  );
  const all = await call("plugin", "pin");
  assertMatch(all.stderr, /source "mine" is as it was/);
  assertMatch(all.stderr, /sink "told" is pinned in kuiper\.lock/);
  await call("start", "rule", "r1");
  await serving((server) => server.running.said(/r1 sink_told_0: \{"m":2\}/));

  // A kind by itself forgets those of it that are gone, and no other.
  await Deno.remove(`${base.path}/plugins/sinks/Told.js`);
  await call("plugin", "pin", "--kind=function");
  const lock = () => Deno.readTextFile(`${base.path}/kuiper.lock`);
  assertMatch(await lock(), /"sinks\/told": \{/);
  await call("plugin", "pin", "--kind=sink");
  const keys = Object.keys(JSON.parse(await lock()).files);
  assertEquals(keys, ["functions/more", "mine"]);
});
