import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../../src/cli/mod.ts";
import { BUILTIN_FUNCTIONS } from "../../../src/function/mod.ts";
import type { Engine } from "../../../src/cli/engine.ts";
import { FakeIo } from "./fake_io.ts";

/** An engine with a function and a source of plugins. */
const engine: Partial<Engine> = {
  listPlugins: () =>
    Promise.resolve((["function", "source"] as const).map((of) => ({
      name: `my_${of}`,
      of,
      from: `plugins/${of}s/my.ts`,
      kind: "file",
      isolation: "worker",
      grant: "none",
    }))),
};

Deno.test("functions lists every function with its arguments and what it does", async () => {
  const io = new FakeIo({ engine });
  assertEquals(await main(["functions"], io), 0);
  assertMatch(io.out, /^math +power\(x, y\) +x to the power of y$/m);
  assertMatch(io.out, /^string +substring\(text, start, \[end\]\) +The characters/m);
  assertMatch(io.out, /^other +coalesce\(value, more…\) /m);
  const names = [...BUILTIN_FUNCTIONS.names()];
  assertEquals(io.out.trimEnd().split("\n").length, names.length + 2);
  assertMatch(io.out, /^plugin +my_function\(…\) +Of the plugin from plugins\/functions\/my\.ts$/m);
});

Deno.test("functions NAME shows the page of one, whatever the case", async () => {
  const io = new FakeIo();
  assertEquals(await main(["functions", "SUBSTRING"], io), 0);
  assertStringIncludes(io.out, "substring(text, start, [end])\nThe characters from start");
  assertMatch(io.out, /^end +BIGINT, optional$/m);
  assertMatch(io.out, /^result +STRING$/m);
  assertMatch(io.out, /^null +null among the arguments gives null$/m);
  // What is built in is known without a base directory.
  assertEquals(io.opened, []);
  const plugin = new FakeIo({ engine });
  assertEquals(await main(["functions", "my_function"], plugin), 0);
  assertEquals(plugin.out, "my_function(…)\nOf the plugin from plugins/functions/my.ts.\n");
});

Deno.test("functions --json prints them for a program", async () => {
  const io = new FakeIo({ engine });
  assertEquals(await main(["functions", "--json"], io), 0);
  const all = JSON.parse(io.out);
  assert(Array.isArray(all));
  assertEquals(all.map(({ name }: { name: string }) => name), [
    ...BUILTIN_FUNCTIONS.names(),
    "my_function",
  ]);
});

Deno.test("functions NAME says what may be meant when there is none", async () => {
  const io = new FakeIo({ engine });
  assertEquals(await main(["functions", "substrin"], io), 1);
  assertEquals(io.out, "");
  assertStringIncludes(io.err, 'There is no function "substrin", did you mean "substring"?');
});
