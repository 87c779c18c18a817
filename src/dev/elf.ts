/** The first bytes of a 64-bit ELF file that {@link elfLength} reads. */
export const ELF_HEADER_BYTES = 64;

/**
 * Where a little-endian 64-bit ELF file ends by its own account: its section table is the last thing in it. What
 * follows was appended, as `deno compile` does with the program.
 *
 * @returns the length in bytes, or undefined when `bytes` is no such file.
 */
export function elfLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < ELF_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isElf = view.getUint32(0) === 0x7f454c46;
  const is64LittleEndian = view.getUint16(4) === 0x0201;
  if (!isElf || !is64LittleEndian) return undefined;
  const sectionTable = Number(view.getBigUint64(0x28, true));
  const entryBytes = view.getUint16(0x3a, true);
  const entries = view.getUint16(0x3c, true);
  return sectionTable + entryBytes * entries;
}
