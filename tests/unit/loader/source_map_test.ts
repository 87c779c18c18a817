import { assert, assertEquals } from "@std/assert";
import {
  mapPlace,
  mapPlaces,
  mapStack,
  type ModuleMap,
  SourceMap,
} from "../../../src/loader/source_map.ts";

const MAPS: readonly ModuleMap[] = [
  {
    display: "plugins/sources/a.ts",
    url: "plugin:///a.ts",
    line: 3,
    lines: 10,
    columns: [1, 4, 10],
  },
  { display: "plugins/sources/b.ts", url: "plugin:///b.ts", line: 15, lines: 5, columns: [] },
];
const URL_START = "data:text/javascript,export%20default%20%......D)%7D%2C%0A%5D%3B%0A";

Deno.test("mapStack() gives the author's places and leaves the engine out", () => {
  const stack = `Error: no (really)
    at inner (${URL_START}:4:6)
    at Array.map (<anonymous>)
    at async Promise.all (index 0)
    at called (file:///tmp/engine/src/loader/boot.ts:12:3)
    at Object.<module> (${URL_START}:15:1)
    at <module>.next (<anonymous>)
    at Runtime.#innerEvaluate (file:///tmp/engine/src/loader/link_runtime.ts:1:1)
    at async file:///tmp/engine/src/loader/boot.ts:3:4
    at ext:core/01_core.js:1:1`;
  assertEquals(
    mapStack(stack, MAPS),
    `Error: no (really)
    at inner (plugins/sources/a.ts:2:12)
    at Array.map (<anonymous>)
    at async Promise.all (index 0)
    at plugins/sources/b.ts:1:1`,
  );
});

Deno.test("mapStack() leaves out the linker's own lines", () => {
  const stack =
    `Error: x\n    at get (${URL_START}:2:5)\n    at f (${URL_START}:4:1)\n    at ${URL_START}:1:1`;
  assertEquals(mapStack(stack, MAPS), "Error: x\n    at f (plugins/sources/a.ts:2:1)");
});

Deno.test("mapStack() maps a whole URL, and one in a message", () => {
  const whole = `data:text/javascript,${encodeURIComponent("export default [\n(a:b)];")}`;
  assertEquals(
    mapStack(`SyntaxError: bad token at ${whole}:5:1\n    at ${whole}:16:2`, MAPS),
    "SyntaxError: bad token at plugins/sources/a.ts:3:1\n    at plugins/sources/b.ts:2:2",
  );
});

Deno.test("mapStack() keeps a text without places", () => {
  assertEquals(mapStack("plain words", MAPS), "plain words");
  assertEquals(
    mapStack("Error: two\nlines\n    at file:///tmp/x.ts:1:1", MAPS),
    "Error: two\nlines",
  );
});

Deno.test("SourceMap.originalOf() takes the nearest mapping at or before the place", () => {
  // Line 1: columns 0 → 1:0 and 4 → 1:10. Line 3: column 2 → 5:0, by way of a negative difference of columns.
  const mappings = "AAAA,IAAU;;EAIV";
  const at = (line: number, column: number) => new SourceMap(mappings).originalOf({ line, column });
  assertEquals(at(1, 1), { line: 1, column: 1 });
  assertEquals(at(1, 4), { line: 1, column: 1 });
  assertEquals(at(1, 5), { line: 1, column: 11 });
  assertEquals(at(2, 9), { line: 1, column: 11 });
  assertEquals(at(3, 3), { line: 5, column: 1 });
  assertEquals(new SourceMap("").originalOf({ line: 2, column: 3 }), { line: 2, column: 3 });
});

Deno.test("mapPlace() decodes the source map of a module once", () => {
  const map = { ...MAPS[0]!, mappings: ";AAKA" };
  const place = { line: 4, column: 1 };
  assertEquals(mapPlace([map], place), { display: "plugins/sources/a.ts", line: 6, column: 1 });
  // Who decoded it again would see nothing now.
  map.mappings = "";
  assertEquals(mapPlace([map], place), { display: "plugins/sources/a.ts", line: 6, column: 1 });
});

Deno.test("mapStack() shows fifty frames of a forged stack, and how many more there are", () => {
  const forged = `Error: x\n${`    at f (${URL_START}:4:1)\n`.repeat(850)}`;
  const frames = mapStack(forged, MAPS).split("\n");
  assertEquals(frames.length, 1 + 50 + 1 + 1);
  assertEquals(frames.slice(50).filter((frame) => frame !== ""), [
    "    at f (plugins/sources/a.ts:2:1)",
    "    … and 800 more",
  ]);
});

Deno.test("mapStack() maps a hundred places of a forged text, in however many lines", () => {
  const forged = `${URL_START}:4:1\n`.repeat(1000);
  const lines = mapStack(forged, MAPS).split("\n");
  assertEquals(lines.filter((line) => line === "plugins/sources/a.ts:2:1").length, 100);
  assertEquals(lines[100], `${URL_START}:4:1`);
});

Deno.test("mapPlace() finds a place among the edits of a long line without a look at each", () => {
  let looks = 0;
  const edits = 300_000;
  const columns = new Proxy({ length: 3 * edits }, {
    get(target, key) {
      if (key === "length") return target.length;
      looks++;
      const at = Number(key);
      // Line 1; each third column is an edit that moved what follows by one.
      return [1, Math.floor(at / 3) * 3, Math.floor(at / 3) * 4][at % 3];
    },
  }) as unknown as readonly number[];
  const map = { display: "a.js", url: "plugin:///a.js", line: 3, lines: 2, columns };
  assertEquals(mapPlace([map], { line: 4, column: 3 * 200_000 + 2 }), {
    display: "a.js",
    line: 2,
    column: 4 * 200_000 + 2,
  });
  assertEquals(mapPlace([map], { line: 3, column: 7 }), { display: "a.js", line: 1, column: 7 });
  assert(looks < 200, `${looks}`);
});

Deno.test("mapStack() looks at a line once in which many places might begin", () => {
  const line = `    at ${"file:".repeat(200_000)}1:1:x`;
  assertEquals(mapStack(`Error: x\n${line}\nend`, MAPS), `Error: x\n${line}\nend`);
});

Deno.test("mapPlaces() calls a module what the user calls it, the longest name first", () => {
  const maps = [
    { display: "here/a.js", url: "plugin:///a.js", line: 3, lines: 1, columns: [] },
    { display: "here/a.json", url: "plugin:///a.json", line: 5, lines: 1, columns: [] },
  ];
  assertEquals(
    mapPlaces('"plugin:///a.json" and plugin:///a.js:1, not plugin:///b.js', maps),
    '"here/a.json" and here/a.js:1, not plugin:///b.js',
  );
  assertEquals(mapPlaces("plugin:///a.js,plugin:///a.json)", maps), "here/a.js,here/a.json)");
});
