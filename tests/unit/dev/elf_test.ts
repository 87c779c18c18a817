import { assertEquals } from "@std/assert";
import { ELF_HEADER_BYTES, elfLength } from "../../../src/dev/elf.ts";

function header(sectionTable: bigint, entryBytes: number, entries: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(ELF_HEADER_BYTES));
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setBigUint64(0x28, sectionTable, true);
  view.setUint16(0x3a, entryBytes, true);
  view.setUint16(0x3c, entries, true);
  return new Uint8Array(view.buffer);
}

Deno.test("elfLength() is the end of the section table", () => {
  assertEquals(elfLength(header(1000n, 64, 3)), 1192);
});

Deno.test("elfLength() is undefined for anything else", () => {
  assertEquals(elfLength(new Uint8Array(ELF_HEADER_BYTES)), undefined);
  assertEquals(elfLength(header(1000n, 64, 3).subarray(1)), undefined);
  assertEquals(elfLength(header(1000n, 64, 3).with(4, 1)), undefined);
});
