import { assertEquals } from "@std/assert";
import { compileConfig } from "../../../src/dev/compile_config.ts";

const PROJECT = {
  version: "1.2.3",
  unstable: ["worker-options"],
};

Deno.test("compileConfig() lets nothing in but the two entries", () => {
  assertEquals(compileConfig(PROJECT), {
    unstable: ["worker-options"],
    imports: {
      "./src/program/main.js": "./src/program/main.js",
      "./src/program/boot.js": "./src/program/boot.js",
      "file:///": "refused:///",
    },
    scopes: {
      "./src/program/": { "./src/program/": "./src/program/" },
      "./plugins/": { kuiper: "./src/contract/kuiper.d.ts" },
    },
  });
});
