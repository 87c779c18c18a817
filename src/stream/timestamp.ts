import { compileTimeReader, type Row } from "../core/mod.ts";

/**
 * Compile the reader of a stream's TIMESTAMP: milliseconds since 1970 of a row, or undefined when its field is absent
 * or holds no time.
 *
 * @param column the field's name, exactly.
 * @param format the stream's TIMESTAMP_FORMAT.
 * @throws KuiperError `config` when `format` is wrong.
 */
export function compileTimestamp(
  column: string,
  format?: string,
): (row: Row) => number | undefined {
  const read = compileTimeReader(format);
  return (row) => Object.hasOwn(row, column) ? read(row[column]) : undefined;
}
