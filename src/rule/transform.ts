import type { Row, SinkCommon } from "../core/mod.ts";

/** The rows of a result as a sink is to get them. */
export type Transform = (rows: readonly Row[]) => readonly Row[];

/**
 * Compile `dataField`, `fields` and `excludeFields`; nothing when none is set. Rows are never changed: other sinks get
 * them too.
 */
export function compileTransform(
  { dataField, fields, excludeFields }: Pick<SinkCommon, "dataField" | "fields" | "excludeFields">,
): Transform | undefined {
  const steps: Transform[] = [];
  if (dataField !== "") steps.push((rows) => rows.flatMap((row) => held(row, dataField)));
  if (fields.length > 0) steps.push((rows) => rows.map((row) => pick(row, fields)));
  if (excludeFields.length > 0) {
    const left = new Set(excludeFields);
    steps.push((rows) =>
      rows.map((row) => pick(row, Object.keys(row).filter((name) => !left.has(name))))
    );
  }
  if (steps.length === 0) return undefined;
  return (rows) => steps.reduce((current, step) => step(current), rows);
}

/** What the field holds, as rows. */
function held(row: Row, name: string): Row[] {
  const value = Object.hasOwn(row, name) ? row[name] : undefined;
  const values = Array.isArray(value) ? value : [value];
  return values.filter((item): item is Row => isRow(item));
}

function isRow(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array) && !(value instanceof Date);
}

function pick(row: Row, names: readonly string[]): Row {
  // Not by assignment: a field may be called __proto__.
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(row, name)).map((name) => [name, row[name]]),
  );
}
