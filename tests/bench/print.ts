import type { Row } from "./measure.ts";

const HEAD = ["row", "what", "unit", "base", "rule", "limit", "measured", "ratio", "reached"];

/** The rows as a table for people; what a row should be read with stands below it. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) =>
    line.map((cell, i) => isNumeric(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))
      .join("  ").trimEnd()
  );
  text.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  const notes = rows.filter((row) => row.note !== undefined)
    .map((row) => `${row.row}: ${row.what}: ${row.note}`);
  return [...text, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n") + "\n";
}

function cells(row: Row): string[] {
  const { base, limit, measured, ratio, reached } = row;
  const number = (value: number | undefined) => value === undefined ? "-" : String(value);
  const verdict = reached === undefined ? "not measured" : reached ? "yes" : "NO";
  return [
    row.row,
    row.what,
    row.unit,
    number(base),
    row.rule,
    number(limit),
    number(measured),
    number(ratio),
    verdict,
  ];
}

function isNumeric(column: number): boolean {
  return ["base", "limit", "measured", "ratio"].includes(HEAD[column]!);
}
