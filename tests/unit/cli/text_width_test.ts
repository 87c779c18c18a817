import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { entry, fit, printable, printableLines, textWidth } from "../../../src/cli/text_width.ts";

Deno.test("textWidth() counts columns of a terminal", () => {
  assertEquals(["abc", "温度", "é", "e\u0301", "👍🏽", "❤️", ""].map(textWidth), [
    3,
    4,
    1,
    1,
    2,
    2,
    0,
  ]);
});

Deno.test("fit() pads on the side away from the alignment", () => {
  assertEquals([fit("ab", 4, "left"), fit("ab", 4, "right")], ["ab  ", "  ab"]);
});

Deno.test("fit() cuts with an ellipsis, also through a wide character", () => {
  assertEquals([fit("abcdef", 4, "left"), fit("温度湿度", 4, "left")], ["abc…", "温… "]);
});

Deno.test("fit() gives exactly the width for every text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      assertEquals(textWidth(fit(printable(text), width, "right")), width);
    }),
  );
});

Deno.test("printable() leaves nothing that breaks the line or steers the terminal", () => {
  assertEquals(printable("a\n\t\x1b[31m\u202eb\ud800"), "a\\n\\t\\u001b[31m\\u202eb\\ud800");
});

Deno.test("printableLines() keeps line breaks and tabs and escapes what steers a terminal", () => {
  assertEquals(printableLines("a\n\tb\x1b[31m\r\u202e"), "a\n\tb\\u001b[31m\\r\\u202e");
});

Deno.test("entry() indents what follows a line break, if it is not", () => {
  assertEquals(
    entry("a\n 12:00:00.000 info  forged\n  1 | SELECT\r\n\tb"),
    "a\n     12:00:00.000 info  forged\n  1 | SELECT\\r\n    \tb",
  );
});
