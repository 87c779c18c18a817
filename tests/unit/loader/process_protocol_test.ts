import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readFromProcess } from "../../../src/loader/process_protocol.ts";
import { ProtocolError } from "../../../src/loader/protocol.ts";

Deno.test("readFromProcess() reads what a process may say", () => {
  const good = [
    { t: "usage", rssBytes: 1, cpuMs: 2.5, atMs: 3 },
    { t: "broken", id: 1, name: "Error", what: "ended" },
    { t: "stuck", id: 2 },
  ] as const;
  for (const message of good) {
    assertEquals(readFromProcess({ ...message, more: 1 }), message);
    for (const field of Object.keys(message)) {
      for (const wrong of [undefined, null, -1, NaN, Infinity, {}, []]) {
        assertThrows(() => readFromProcess({ ...message, [field]: wrong }), ProtocolError);
      }
    }
  }
});

Deno.test("readFromProcess() refuses whatever else there is", () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), (message) => {
    assertThrows(() => readFromProcess(message), ProtocolError);
  }));
});

Deno.test("readFromProcess() cuts a long text", () => {
  const message = { t: "broken", id: 1, name: "x".repeat(1e6), what: "y".repeat(1e6) };
  const read = readFromProcess(message) as typeof message;
  assertEquals([read.name.length, read.what.length], [200, 8192]);
});
