import { assert, assertEquals } from "@std/assert";
import { LAYERS, layerTable, PACKAGES } from "../../../src/dev/mod.ts";

Deno.test("LAYERS flows one way: a layer imports only what stands above it", () => {
  const above = new Set<string>();
  for (const [name, { imports }] of Object.entries(LAYERS)) {
    for (const other of imports) assert(above.has(other), `${name} imports ${other}`);
    above.add(name);
  }
});

Deno.test("PACKAGES names layers that exist", () => {
  for (const [name, layers] of Object.entries(PACKAGES)) {
    for (const layer of layers) assert(Object.hasOwn(LAYERS, layer), `${name}: ${layer}`);
  }
});

Deno.test("layerTable() has a row per layer", () => {
  assertEquals(layerTable().split("\n").length, 2 + Object.keys(LAYERS).length);
});
