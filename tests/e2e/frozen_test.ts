import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryTest, kuiper, makeBase } from "./_kuiper.ts";

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
  assertMatch(pinned.stdout, /^mine +plugins\/sources\/Mine\.ts +\d+ B +[0-9a-f]{12}$/m);
  assertEquals((await run()).rows, [{ label: "number 1" }]);
  assertMatch((await call("plugin", "list")).stdout, /^mine .* [0-9a-f]{12}$/m);
  assertMatch((await call("plugin", "pin")).stderr, /plugin "mine" is as it was/);

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
    /No file of plugins\/sources is of TYPE "Rando"/,
  );
});
