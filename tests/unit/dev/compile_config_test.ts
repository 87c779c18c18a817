import { assertEquals, assertThrows } from "@std/assert";
import { compileConfig, type Lock, runtimeLock } from "../../../src/dev/compile_config.ts";

const PROJECT = {
  version: "1.2.3",
  unstable: ["worker-options"],
  imports: {
    "@std/yaml": "npm:deno-std@1.4.0/yaml/mod.js",
    aedes: "npm:aedes@1.0.0",
    amaro: "npm:amaro@2.0.0",
    kuiper: "./src/contract/mod.ts",
  },
};

const LOCK: Lock = {
  version: "5",
  specifiers: {
    "npm:deno-std@1.4.0": "1.4.0",
    "npm:amaro@2.0.0": "2.0.0_peer@1.0.0",
    "npm:aedes@1.0.0": "1.0.0",
  },
  npm: {
    "deno-std@1.4.0": { integrity: "a" },
    "amaro@2.0.0_peer@1.0.0": { integrity: "b", dependencies: ["both@2.0.0", "peer"] },
    "aedes@1.0.0": { integrity: "c", dependencies: ["both@1.0.0", "only-aedes"] },
    "both@1.0.0": { integrity: "d" },
    "both@2.0.0": { integrity: "e", dependencies: ["peer"] },
    "only-aedes@1.0.0": { integrity: "f" },
    "peer@1.0.0": { integrity: "g", dependencies: ["both@2.0.0"] },
  },
  workspace: { dependencies: ["npm:amaro@2.0.0", "npm:aedes@1.0.0", "npm:deno-std@1.4.0"] },
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
      "./src/program/": { amaro: "npm:amaro@2.0.0", "./src/program/": "./src/program/" },
      "./plugins/": { kuiper: "./src/contract/kuiper.d.ts" },
    },
  });
});

Deno.test("runtimeLock() keeps what is not bundled and nothing else", () => {
  const lock = runtimeLock(LOCK, PROJECT);
  assertEquals(Object.keys(lock.npm).sort(), [
    "amaro@2.0.0_peer@1.0.0",
    "both@2.0.0",
    "peer@1.0.0",
  ]);
  assertEquals(Object.keys(lock.specifiers), ["npm:amaro@2.0.0"]);
  assertEquals(lock.workspace.dependencies, ["npm:amaro@2.0.0"]);
});

Deno.test("runtimeLock() refuses a lock with a gap", () => {
  const { "both@2.0.0": _, ...npm } = LOCK.npm;
  assertThrows(() => runtimeLock({ ...LOCK, npm }, PROJECT), TypeError, '"both@2.0.0"');
});
