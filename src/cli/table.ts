import { type Row, toJson, type Tuple, type Value } from "../core/mod.ts";
import { clockTime } from "./clock_time.ts";
import type { Printer } from "./printer.ts";
import type { Style } from "./style.ts";
import { fit, printable, textWidth } from "./text_width.ts";

/** Widest that a column grows by itself. */
const MAX_WIDTH = 40;
/** Narrowest that a column is made to let others in. */
const MIN_WIDTH = 6;
/** Room that a number has from the start: a counter shall not widen its column at every power of ten. */
const NUMBER_WIDTH = 8;
/** A column that grows does so by steps, for each step prints the header again. */
const GROWTH = 8;
/** Most columns that are kept; what a line can show is far less. */
const MAX_COLUMNS = 64;
/** Longest piece of a value that is looked at. */
const MAX_CELL = 400;
const TIME_WIDTH = "00:00:00.000".length;
const GAP = "  ";

/** How a table is drawn. */
export interface TableOptions {
  /** Characters in a line; asked before every piece, as terminals are resized. */
  columns(): number;
  readonly style: Style;
  /** Put the stream's name before the row. @default {false} */
  readonly stream?: boolean;
  /** Show metadata too, as columns `meta.…`. @default {false} */
  readonly meta?: boolean;
  /** The columns to begin with. */
  readonly declared?: readonly { readonly name: string; readonly numeric: boolean }[];
}

/** Where a column's values come from. */
type Origin = "stream" | "message" | "meta";

interface Column {
  /** `name` of a field, `meta.name` of metadata. */
  readonly title: string;
  numeric: boolean | undefined;
  /** What it would like to have. */
  wanted: number;
  /** What it has; 0 when there is no room for it. */
  width: number;
}

/**
 * A table that grows: the header is printed again when a field appears that has no column yet, when a column needs
 * more room and there is some, and when the terminal was resized.
 */
export function tablePrinter(options: TableOptions): Printer {
  return new Table(options);
}

class Table implements Printer {
  readonly #options: TableOptions;
  readonly #columns: Column[] = [];
  readonly #byOrigin = {
    stream: new Map<string, Column>(),
    message: new Map<string, Column>(),
    meta: new Map<string, Column>(),
  };
  #refused = false;
  /** The width of the line that the columns were laid out for. */
  #laidOutFor = -1;
  #header = "";

  constructor(options: TableOptions) {
    this.#options = options;
    if (options.stream === true) this.#add("stream", "stream", false);
    for (const { name, numeric } of options.declared ?? []) this.#add("message", name, numeric);
  }

  lines(name: string, tuples: readonly Tuple[]): string {
    const rows = tuples.map((tuple) => this.#cells(name, tuple));
    let text = this.#layout();
    for (const [i, tuple] of tuples.entries()) text += this.#line(tuple.timestamp, rows[i]!);
    return text;
  }

  // -- Cells --

  #cells(name: string, tuple: Tuple): Map<Column, string> {
    const cells = new Map<Column, string>();
    if (this.#options.stream === true) this.#put(cells, "stream", "stream", name);
    this.#putAll(cells, "message", tuple.message);
    if (this.#options.meta === true) this.#putAll(cells, "meta", tuple.meta);
    return cells;
  }

  #putAll(cells: Map<Column, string>, from: "message" | "meta", row: Row): void {
    for (const key of Object.keys(row)) {
      const value = row[key];
      if (value !== undefined) this.#put(cells, from, key, value);
    }
  }

  #put(cells: Map<Column, string>, from: Origin, key: string, value: Value): void {
    const column = this.#byOrigin[from].get(key) ?? this.#add(from, key);
    if (column === undefined) return;
    const cell = cellText(value);
    if (column.numeric === undefined && value !== null) column.numeric = isNumeric(value);
    const least = column.numeric === true ? NUMBER_WIDTH : 0;
    const needed = Math.max(least, textWidth(cell));
    if (needed > column.wanted) {
      const step = column.width === 0 ? needed : Math.ceil(needed / GROWTH) * GROWTH;
      column.wanted = Math.min(MAX_WIDTH, step);
    }
    cells.set(column, cell);
  }

  #add(from: Origin, key: string, numeric?: boolean): Column | undefined {
    if (this.#columns.length >= MAX_COLUMNS) {
      this.#refused = true;
      return undefined;
    }
    const title = from === "meta" ? `meta.${printable(key)}` : printable(key);
    const wanted = Math.min(MAX_WIDTH, textWidth(title));
    const column: Column = { title, numeric, wanted, width: 0 };
    this.#columns.push(column);
    this.#byOrigin[from].set(key, column);
    return column;
  }

  // -- Layout --

  /** Give the columns their widths. Returns the header when it must be printed again. */
  #layout(): string {
    const width = this.#options.columns();
    if (
      this.#laidOutFor !== width || this.#columns.some((column) => column.wanted > column.width)
    ) {
      this.#share(width - TIME_WIDTH);
    }
    this.#laidOutFor = width;
    const header = this.#headerLine();
    if (header === this.#header) return "";
    const first = this.#header === "";
    this.#header = header;
    return `${first ? "" : "\n"}${this.#options.style.bold(header)}\n`;
  }

  /**
   * Share `room` among the columns: the widest give way first, numbers (which say something else when they are cut)
   * last; the columns at the end are hidden when even that is too much.
   */
  #share(room: number): void {
    const shown: Column[] = [];
    let least = room;
    for (const column of this.#columns) {
      column.width = 0;
      least -= GAP.length + Math.min(MIN_WIDTH, column.wanted);
      if (least >= 0 || shown.length === 0) shown.push(column);
    }
    let left = Math.max(MIN_WIDTH, room - shown.length * GAP.length);
    let others = shown.length;
    const rank = (column: Column) => column.numeric === true ? 0 : 1;
    for (const column of shown.sort((a, b) => rank(a) - rank(b) || a.wanted - b.wanted)) {
      const share = Math.floor(left / others);
      const most = column.numeric === true
        ? Math.max(share, left - (others - 1) * MIN_WIDTH)
        : share;
      column.width = Math.max(1, Math.min(column.wanted, most));
      left -= column.width;
      others--;
    }
  }

  #headerLine(): string {
    const shown = this.#columns.filter((column) => column.width > 0);
    const hidden = this.#columns.length - shown.length + (this.#refused ? 1 : 0);
    const titles = shown.map((column) => fit(column.title, column.width, alignOf(column)));
    const more = hidden === 0 ? [] : [`(+${hidden}${this.#refused ? " or more" : ""})`];
    return ["time".padEnd(TIME_WIDTH), ...titles, ...more].join(GAP).trimEnd();
  }

  #line(timestamp: number, cells: Map<Column, string>): string {
    let line = "";
    for (const column of this.#columns) {
      if (column.width === 0) continue;
      line += GAP + fit(cells.get(column) ?? "", column.width, alignOf(column));
    }
    return `${this.#options.style.dim(clockTime(timestamp))}${line.trimEnd()}\n`;
  }
}

function alignOf(column: Column): "left" | "right" {
  return column.numeric === true ? "right" : "left";
}

function isNumeric(value: Value): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

function cellText(value: Value): string {
  const text = typeof value === "string" ? value : unquoted(toJson(value));
  return printable(text.length > MAX_CELL ? text.slice(0, MAX_CELL) : text);
}

/** Dates and bytes are strings in JSON; in a table they need no quotes. */
function unquoted(json: string): string {
  return json.startsWith('"') ? json.slice(1, -1) : json;
}
