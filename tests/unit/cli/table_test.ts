// The tables are in tests/golden/cli. UPDATE=1 writes them anew.
import { assertEquals } from "@std/assert";
import { styleFor } from "../../../src/cli/style.ts";
import { type TableOptions, tablePrinter } from "../../../src/cli/table.ts";
import type { Row } from "../../../src/core/mod.ts";
import { tupleOf } from "./fake_io.ts";

const FOLDER = new URL("../../golden/cli/", import.meta.url);

/** Print batches of `[stream, row, meta?]` and compare with the golden file of that name. */
async function golden(
  name: string,
  { batches, ...options }: Partial<TableOptions> & {
    batches: readonly (readonly [stream: string, row: Row, meta?: Row][])[];
  },
): Promise<void> {
  const printer = tablePrinter({ columns: () => 80, style: styleFor(false), ...options });
  let text = "";
  for (const batch of batches) {
    const [first] = batch;
    text += printer.lines(first?.[0] ?? "", batch.map(([, row, meta]) => tupleOf(row, meta)));
  }
  // The time of day depends on where the test runs.
  text = text.replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, "hh:mm:ss.mmm");
  const file = new URL(`${name}.txt`, FOLDER);
  if (Deno.env.get("UPDATE") === "1") await Deno.writeTextFile(file, text);
  assertEquals(text, await Deno.readTextFile(file));
}

Deno.test("tablePrinter() aligns numbers right, and prints nested values as JSON", async () => {
  await golden("table_values", {
    batches: [[
      ["s", { id: 1, name: "first", ok: true, at: { lat: 1.5, tags: ["a", "b"] } }],
      ["s", { id: 12345678901234567890n, name: "温度 °C", ok: false, at: null }],
      ["s", { id: -1.25, name: "line\nbreak \x1b[31m", raw: new Uint8Array([1, 2, 255]) }],
      ["s", { id: 2, name: "", at: new Date(0) }],
    ]],
  });
});

Deno.test("tablePrinter() prints the header again when a column appears or grows", async () => {
  await golden("table_grows", {
    declared: [{ name: "id", numeric: true }, { name: "text", numeric: false }],
    batches: [
      [["s", { id: 1, text: "a" }]],
      [["s", { id: 2, text: "b" }]],
      [["s", { id: 3, text: "longer than the title" }]],
      [["s", { id: 4, text: "c", extra: true }]],
      [["s", { id: 5, text: "d" }]],
    ],
  });
});

Deno.test("tablePrinter() fits a narrow terminal", async () => {
  const row = {
    description: "a text of more than forty characters, so it is cut",
    n: 1,
    last: "x",
  };
  await golden("table_narrow", { columns: () => 40, batches: [[["s", row]]] });
});

Deno.test("tablePrinter() hides the last columns when there is no room, and says how many", async () => {
  const row = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`column${i}`, i]));
  await golden("table_hidden", { columns: () => 60, batches: [[["s", row]]] });
});

Deno.test("tablePrinter() lays out again when the terminal is resized", async () => {
  let width = 80;
  const row = { first: "a text of twenty-seven chars", second: "a text of twenty-seven chars" };
  await golden("table_resized", {
    columns: () => {
      const now = width;
      width -= 30;
      return now;
    },
    batches: [[["s", row]], [["s", row]]],
  });
});

Deno.test("tablePrinter() shows the stream and the metadata when asked", async () => {
  await golden("table_streams", {
    stream: true,
    meta: true,
    batches: [
      [["random", { stream: "a field", count: 1 }, {}]],
      [["mqtt", { temperature: 21.5 }, { topic: "demo/sensors", qos: 0 }]],
      [["random", { count: 2 }, {}]],
    ],
  });
});

Deno.test("tablePrinter() keeps a bounded number of columns", () => {
  const printer = tablePrinter({ columns: () => 1_000, style: styleFor(false) });
  const row = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`c${i}`, i]));
  const [header = ""] = printer.lines("s", [tupleOf(row)]).split("\n");
  assertEquals(header.trim().split(/\s+/).slice(-4), ["c63", "(+1", "or", "more)"]);
});
