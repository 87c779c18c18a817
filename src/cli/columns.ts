import type { Style } from "./style.ts";
import { printable, textWidth } from "./text_width.ts";

/** Lines of a table that is known as a whole: every column as wide as its widest cell. */
export function columns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { style: Style; right?: readonly number[] },
): string {
  const { style, right = [] } = options;
  const cells = rows.map((row) => row.map(printable));
  const widths = head.map((title, i) =>
    Math.max(textWidth(title), ...cells.map((row) => textWidth(row[i] ?? "")))
  );
  const line = (row: readonly string[]) =>
    row.map((cell, i) => {
      const pad = " ".repeat(widths[i]! - textWidth(cell));
      return right.includes(i) ? pad + cell : cell + pad;
    }).join("  ").trimEnd();
  return [style.bold(line(head)), ...cells.map(line)].map((text) => `${text}\n`).join("");
}

/** Lines `name  fact`, without those that have none. */
export function facts(
  pairs: readonly (readonly [name: string, fact: string | undefined])[],
  style: Style,
): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.flatMap(([name, fact]) =>
    fact === undefined ? [] : [`${style.dim(name.padEnd(width))}  ${printable(fact)}\n`]
  ).join("");
}
