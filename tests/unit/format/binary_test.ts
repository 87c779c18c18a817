import { Buffer } from "node:buffer";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { createDecoder } from "../../../src/format/mod.ts";

const payload = new Uint8Array([0, 255]);

Deno.test("binary decoder fills the declared column, or self", () => {
  assertEquals(createDecoder({ format: "binary" })(payload), [{ self: payload }]);
  const columns = [{ name: "image", type: { kind: "bytea" } }];
  assertEquals(createDecoder({ format: "binary", columns })(payload), [{ image: payload }]);
  assertEquals(createDecoder({ format: "binary" })(new Uint8Array()), [{ self: new Uint8Array() }]);
});

Deno.test("binary decoder gives plain bytes, whatever kind of bytes it gets", () => {
  const [row] = createDecoder({ format: "binary" })(Buffer.from("abc").subarray(1));
  assertEquals(Object.getPrototypeOf(row!.self), Uint8Array.prototype);
  assertEquals(row, { self: new TextEncoder().encode("bc") });
});

Deno.test("binary decoder refuses columns that it cannot fill", () => {
  const text = { name: "a", type: { kind: "string" } };
  const bytes = { name: "b", type: { kind: "bytea" } };
  for (const columns of [[text], [bytes, bytes]]) {
    const error = assertThrows(() => createDecoder({ format: "binary", columns }), KuiperError);
    assertEquals(error.code, "config");
    assertStringIncludes(error.message, "fills one BYTEA column, but the stream declares");
  }
});

Deno.test("createDecoder() refuses an unknown format", () => {
  const error = assertThrows(() => createDecoder({ format: "toString" }), KuiperError);
  assertEquals(
    error.message,
    'FORMAT "toString" is unknown: write "json", "binary" or "delimited"',
  );
});
