import { type Row, setField, type Value } from "../../core/mod.ts";
import type { Evaluate } from "../../sql/mod.ts";
import type { Operator, RowErrors, RuleTuple } from "./operator.ts";
import { type SlotValue, withSlots } from "./slots.ts";

/** One thing that a projection does, compiled. */
export type CompiledItem =
  | { readonly kind: "all"; readonly except: ReadonlySet<string> }
  | { readonly kind: "field"; readonly name: string; readonly evaluate: Evaluate };

type CompiledField = CompiledItem & { readonly kind: "field" };

/** What a projection is made of. */
export interface ProjectOptions {
  /** Computed once per row, in order, before the items. */
  readonly aliases: readonly SlotValue[];
  readonly items: readonly CompiledItem[];
  /** How many slots a row has. */
  readonly slots: number;
  /** Keep fields that are null; else the row goes without them. */
  readonly sendNilField: boolean;
  readonly errors: RowErrors;
}

/**
 * Makes the rows that leave a query. A row that came in is never changed: other rules may see it too. `SELECT *` hands
 * on what came in, where nothing is to be left out of it.
 */
export class Project implements Operator {
  readonly name = "project";
  readonly #options: ProjectOptions;
  readonly #makeRow: (tuple: RuleTuple) => Row;
  readonly #isWhole: boolean;

  constructor(options: ProjectOptions) {
    this.#options = options;
    this.#makeRow = compileItems(options);
    this.#isWhole = isWhole(options.items) && options.aliases.length === 0;
  }

  process(tuples: readonly RuleTuple[]): readonly RuleTuple[] {
    const { aliases, slots, errors, sendNilField } = this.#options;
    if (this.#isWhole && (sendNilField || !tuples.some(lacks))) return tuples;
    const makeRow = this.#makeRow;
    // Made as long as it will be: growing it costs a tenth of the rest.
    const made = new Array<RuleTuple>(tuples.length);
    let count = 0;
    for (let i = 0; i < tuples.length; i++) {
      let tuple = tuples[i]!;
      try {
        if (aliases.length > 0) {
          const slotted = withSlots(tuple, slots);
          for (const { slot, evaluate } of aliases) slotted.slots[slot] = evaluate(slotted);
          tuple = slotted;
        }
        made[count] = { message: makeRow(tuple), meta: tuple.meta, timestamp: tuple.timestamp };
        count++;
      } catch (error) {
        errors.failed(tuple, error);
      }
    }
    made.length = count;
    return made;
  }
}

function compileItems({ items, sendNilField }: ProjectOptions): (tuple: RuleTuple) => Row {
  if (isWhole(items)) {
    return (tuple) =>
      lacks(tuple) && !sendNilField
        ? copyInto({}, tuple.message, { except: NONE, sendNilField })
        : tuple.message;
  }
  const fields = items.filter((item) => item.kind === "field");
  const distinct = new Set(fields.map(({ name }) => name)).size === items.length;
  if (distinct && !fields.some(({ name }) => name === "__proto__")) {
    return compileFields(fields, sendNilField);
  }
  return (tuple) => {
    const row: Row = {};
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      if (item.kind === "all") {
        copyInto(row, tuple.message, { except: item.except, sendNilField });
        continue;
      }
      const value: Value = item.evaluate(tuple);
      if (value !== null || sendNilField) setField(row, item.name, value);
      // A field of the same name that * brought: the later one stands, and it is null.
      else if (Object.hasOwn(row, item.name)) delete row[item.name];
    }
    return row;
  };
}

/**
 * Fields of distinct names: a row is a copy of one that has them all already, which is faster than adding them one by
 * one. A row that goes without some is copied again without them.
 */
function compileFields(
  fields: readonly CompiledField[],
  sendNilField: boolean,
): (tuple: RuleTuple) => Row {
  const template: Row = Object.fromEntries(fields.map(({ name }) => [name, null]));
  const fills: Fill[] = [];
  for (let i = 0; i < fields.length; i += 2) fills.push(fillTwo(fields[i]!, fields[i + 1]));
  return (tuple) => {
    const row: Row = { ...template };
    let whole = true;
    for (let i = 0; i < fills.length; i++) if (!fills[i]!(row, tuple)) whole = false;
    return whole || sendNilField ? row : copyInto({}, row, { except: NONE, sendNilField });
  };
}

/** Sets fields of a row. @returns whether none of them is null. */
type Fill = (row: Row, tuple: RuleTuple) => boolean;

/** Two at a time: going from one to the next costs as much as to set it. */
function fillTwo(one: CompiledField, other: CompiledField | undefined): Fill {
  const { name, evaluate } = one;
  if (other === undefined) return (row, tuple) => (row[name] = evaluate(tuple)) !== null;
  const { name: otherName, evaluate: evaluateOther } = other;
  return (row, tuple) => {
    const value = evaluate(tuple);
    const otherValue = evaluateOther(tuple);
    row[name] = value;
    row[otherName] = otherValue;
    return value !== null && otherValue !== null;
  };
}

const NONE: ReadonlySet<string> = new Set();

/** Whether it is `*` and nothing else. */
function isWhole(items: readonly CompiledItem[]): boolean {
  const [first] = items;
  return items.length === 1 && first?.kind === "all" && first.except.size === 0;
}

/** Whether a field of its row is null. */
function lacks({ message }: RuleTuple): boolean {
  for (const key in message) if (message[key] === null) return true;
  return false;
}

function copyInto(
  row: Row,
  from: Row,
  { except, sendNilField }: { except: ReadonlySet<string>; sendNilField: boolean },
): Row {
  for (const key of Object.keys(from)) {
    const value = from[key];
    if (value === undefined || (value === null && !sendNilField) || except.has(key)) continue;
    setField(row, key, value);
  }
  return row;
}
