/**
 * The sink `notice`: a line in the log for each row, `{"notice": {"field": "message", "level": "warn"}}`.
 *
 * It is the example to copy for a sink of your own.
 *
 * @module
 */
import type { Manifest, Props, Row, Sink, SinkContext, SinkItem } from "kuiper";

/** What the module says of itself. It asks for no permissions and is given none. */
export const manifest: Manifest = {
  contract: 1,
  version: "1.0.0",
  description: "A line in the log for each row",
  licence: "Apache-2.0",
};

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** A line for each row: one field of it, or all of it as JSON. */
export class Notice implements Sink {
  readonly takes = "rows";
  #field: string | undefined;
  #level: typeof LEVELS[number] = "info";

  /** Take the properties; what is wrong with them refuses the rule. */
  configure(props: Props): void {
    const { field, level = "info" } = props;
    if (field !== undefined && typeof field !== "string") {
      throw new TypeError("field is the name of a field");
    }
    const known = LEVELS.find((name) => name === level);
    if (known === undefined) throw new TypeError(`level is one of ${LEVELS.join(", ")}`);
    this.#field = field;
    this.#level = known;
  }

  /** Write the lines; a row without the field is refused, and the others are taken. */
  collect(items: readonly SinkItem[], ctx: SinkContext): void {
    for (const [i, item] of items.entries()) {
      if (!("message" in item)) continue;
      for (const row of [item.message].flat()) {
        const said = this.#field === undefined ? toText(row) : row[this.#field];
        if (said === undefined || said === null) ctx.refuse(i, `it has no "${this.#field}"`);
        else ctx.log[this.#level](String(said));
      }
    }
  }
}

/** A row as JSON; whole numbers that are too large for it as texts. */
function toText(row: Row): string {
  return JSON.stringify(row, (_key, value) => typeof value === "bigint" ? String(value) : value);
}
