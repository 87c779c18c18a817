import { assertEquals, assertMatch } from "@std/assert";
import { readBuildInfo } from "../../../src/cli/build_info.ts";

Deno.test("readBuildInfo() says that the program runs from source", async () => {
  const { version, runtime, deno, permissions } = await readBuildInfo();
  assertMatch(version, /^\d+\.\d+\.\d+/);
  assertEquals([runtime, deno, permissions], ["source", Deno.version.deno, []]);
});
