import { createHash } from "node:crypto";
import { arg, type Definition, inGroup, TEXT } from "./define.ts";
import { bytesOf } from "./read_arg.ts";

/** A digest of node:crypto: the Web's own waits, and nothing in an expression may wait. */
function digest(name: string): Definition {
  return {
    name,
    doc: `The ${name.toUpperCase()} of bytes, or of a text in UTF-8, in base 16`,
    args: [arg("value", [...TEXT, "bytea"])],
    returns: "string",
    call: ([value]) => createHash(name).update(bytesOf(value!, name)).digest("hex"),
  };
}

/** `hash`: what stands for a value and is shorter. */
export const HASH = inGroup("hash", [
  {
    name: "crc32",
    doc: "The CRC-32 of bytes, or of a text in UTF-8, in base 16",
    args: [arg("value", [...TEXT, "bytea"])],
    returns: "string",
    call: ([value]) => crc32(bytesOf(value!, "crc32")).toString(16),
  },
  digest("md5"),
  digest("sha1"),
  digest("sha256"),
  digest("sha384"),
  digest("sha512"),
]);

/** The remainders of all bytes, by the polynomial of IEEE 802.3 with its bits reversed. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? 0xEDB88320 ^ (remainder >>> 1) : remainder >>> 1;
  }
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let remainder = 0xFFFFFFFF;
  for (const byte of bytes) remainder = REMAINDERS[(remainder ^ byte) & 0xFF]! ^ (remainder >>> 8);
  return (remainder ^ 0xFFFFFFFF) >>> 0;
}
