import { assertEquals } from "@std/assert";
import { tamedUtil } from "../../../src/loader/tame_util.ts";
import { runPlugin, source } from "./_plugin.ts";

interface Util {
  parseArgs(config?: object): unknown;
  debuglog(name: string): { (text: string): void; enabled: boolean };
  debug: Util["debuglog"];
}

/** A module of a runtime that tells the program's arguments and the names in its environment. */
function telling(): Util & { default: Util; format: string } {
  const own: Util = {
    parseArgs: (config) => ({ args: ["--token", "secret"], ...config }),
    debuglog: () => Object.assign(() => {}, { enabled: true }),
    debug: () => Object.assign(() => {}, { enabled: true }),
  };
  return { ...own, default: { ...own }, format: "kept" };
}

Deno.test("tamedUtil() gives parseArgs() no arguments but those that it is told", () => {
  const util = tamedUtil(telling()) as ReturnType<typeof telling>;
  for (const { parseArgs } of [util, util.default]) {
    assertEquals(parseArgs(), { args: [] });
    assertEquals(parseArgs({ args: undefined, strict: false }), { args: [], strict: false });
    assertEquals(parseArgs({ args: ["a"] }), { args: ["a"] });
  }
  assertEquals(util.format, "kept");
});

Deno.test("tamedUtil() has no log of a name enabled", () => {
  const util = tamedUtil(telling()) as ReturnType<typeof telling>;
  for (const { debuglog, debug } of [util, util.default]) {
    for (const log of [debuglog("http"), debug("http")]) {
      assertEquals([log.enabled, log("text")], [false, undefined]);
    }
  }
});

Deno.test("tamedUtil() leaves a plugin the runtime's own parseArgs() for arguments of its own", async () => {
  const head = `import util, { parseArgs } from "node:util";`;
  const run = await runPlugin(`${head}\n${
    source(`for (const parse of [parseArgs, util.parseArgs]) {
      const options = { a: { type: "string" } };
      yield { message: { value: parse({ args: ["--a", "1"], options }).values.a } };
    }`)
  }`);
  assertEquals(run.rows, [{ value: "1" }, { value: "1" }]);
});
