import { assertEquals, assertMatch } from "@std/assert";
import * as fc from "fast-check";
import { linkedAddress, withoutText } from "../../../src/loader/linked_address.ts";

Deno.test("linkedAddress() keeps every character of the text", async () => {
  const characters = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(..."%#?:\n\r\t \0\x7f%20%0A+&,;'\"`\\<>{}\u2028\ufeff"),
    },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }) },
  );
  const texts = fc.array(characters, { maxLength: 60 }).map((all) => `${all.join("")}\n`);
  await fc.assert(fc.asyncProperty(texts, async (text) => {
    const response = await fetch(linkedAddress(text));
    const bytes = await response.bytes();
    assertEquals(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), text);
  }));
});

Deno.test("linkedAddress() is a module to the runtime, with the lines of the text", async () => {
  const address = linkedAddress(
    "// % # ? : \t %41\nexport default [\n'%41#?:\\t',\nnew Error()];\n",
  );
  const { default: [text, error] } = await import(address) as { default: [string, Error] };
  assertEquals(text, "%41#?:\t");
  assertMatch(error.stack!, /:4:1/);
});

Deno.test("an address has one colon: a place in a stack follows the second", () => {
  assertEquals(linkedAddress("a:b ? c : d\n").match(/:/g)!.length, 1);
});

Deno.test("withoutText() leaves of an address its place, and all else as it is", () => {
  const address = linkedAddress(`a: "b"\n${"c".repeat(10_000)}\n`);
  assertEquals(
    withoutText(`Bad at ${address}:12:3 and ${address}:4:5, 10:20 at http://a.b:80:1`),
    "Bad at data:text/javascript,:12:3 and data:text/javascript,:4:5, 10:20 at http://a.b:80:1",
  );
});
