import { assertEquals } from "@std/assert";
import { embeddedAs } from "../../../src/dev/stage.ts";

Deno.test("embeddedAs() makes JavaScript of plugins and of nothing else", () => {
  assertEquals(embeddedAs("plugins/sources/random.ts"), "plugins/sources/random.js");
  assertEquals(embeddedAs("src/contract/kuiper.d.ts"), "src/contract/kuiper.d.ts");
  assertEquals(embeddedAs("etc/kuiper.yaml"), "etc/kuiper.yaml");
});
