import { dirname } from "@std/path";
import type { Props, Sink, SinkContext, SinkItem } from "../contract/mod.ts";
import { readFlagProp, readTextProp, wrongProp } from "../connection/mod.ts";
import {
  type Clock,
  fail,
  KuiperError,
  messageOf,
  oneOf,
  parseDuration,
  type Row,
  systemClock,
  toJson,
  type Value,
} from "../core/mod.ts";
import { FileAtWork } from "./file_at_work.ts";
import { notWritable } from "./writable.ts";

const TYPES = ["lines", "json", "csv"] as const;
const PATTERNS = ["suffix", "prefix"] as const;
/** Most columns of CSV: each row that has none of them is as long as they are many. */
const MOST_COLUMNS = 1000;
/** Most names in a sentence. */
const MOST_SHOWN = 20;

/** When a file is closed and the next one begun; 0 is never. */
interface Rolling {
  readonly intervalMs: number;
  /** How often a file that nothing comes for is looked at. Milliseconds. */
  readonly checkMs: number;
  readonly count: number;
  readonly bytes: number;
  /** Where the time goes in the names of the files. */
  readonly pattern: (typeof PATTERNS)[number];
}

/**
 * The sink `file`: rows go to `path`, appended.
 *
 * - **lines**: a row of JSON a line. **csv**: the fields of the first row that has any are the columns; a field that is none is not
 *   written, and the first of a file is said. **json**: one array, whole after each batch, of which this is the only writer.
 * - **Rolling**: a file that is full is closed and the next one begun, also when nothing more comes. No file is begun
 *   twice, however fast they follow.
 * - **Whole rows**: what a batch holds is written at once; the end of the process loses none that was taken.
 */
export class FileSink implements Sink {
  #path = "";
  #type: (typeof TYPES)[number] = "lines";
  #delimiter = ",";
  #hasHeader = false;
  #rolling: Rolling = { intervalMs: 0, checkMs: 0, count: 0, bytes: 0, pattern: "suffix" };
  #file: FileAtWork | undefined;
  #opened = 0;
  #rows = 0;
  #columns: string[] | undefined;
  /** It was said of this file that a field is no column of it. */
  #saidLeftOut = false;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #checking: Promise<void> = Promise.resolve();
  /** Writing and the check of an idle file take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** @throws TypeError that names the property, its value and the cure. */
  configure(props: Props): void {
    const path = readTextProp(props, "path");
    if (path === undefined) throw wrongProp("path", path, "the path of a file");
    this.#path = path;
    this.#type = oneOfProp(props, "fileType", TYPES) ?? "lines";
    this.#delimiter = readTextProp(props, "delimiter") ?? ",";
    this.#hasHeader = readFlagProp(props, "hasHeader") ?? false;
    const number = (name: string) => {
      const value = props[name] ?? 0;
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
      throw wrongProp(name, value, "a whole number, 0 for never");
    };
    this.#rolling = {
      intervalMs: parseDuration(props.rollingInterval ?? 0, '"rollingInterval"'),
      checkMs: Math.max(1, parseDuration(props.checkInterval ?? "5m", '"checkInterval"')),
      count: number("rollingCount"),
      bytes: number("rollingSize"),
      pattern: oneOfProp(props, "rollingNamePattern", PATTERNS) ?? "suffix",
    };
  }

  async open(ctx: SinkContext): Promise<void> {
    await this.#begin();
    if (this.#rolling.intervalMs > 0) this.#checking = this.#checkIdle(ctx);
  }

  collect(items: readonly SinkItem[], ctx: SinkContext): Promise<void> {
    const rows: Row[] = [];
    for (const item of items) {
      if (!("message" in item)) continue;
      if (!Array.isArray(item.message)) rows.push(item.message);
      else for (const row of item.message as Row[]) rows.push(row);
    }
    return this.#inTurn(async () => {
      for (let from = 0; from < rows.length;) {
        if (this.#isFull()) await this.#roll(ctx);
        const { count } = this.#rolling;
        const room = count === 0 ? rows.length - from : count - this.#rows;
        const some = from === 0 && room >= rows.length ? rows : rows.slice(from, from + room);
        await this.#write(some);
        this.#sayLeftOut(some, ctx);
        this.#rows += some.length;
        from += some.length;
      }
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#checking;
    await this.#turn;
    this.#end();
  }

  // -- Rows to text --

  #textOf(rows: readonly Row[]): string {
    if (this.#type === "lines") {
      let lines = "";
      for (const row of rows) lines += toJson(row) + "\n";
      return lines;
    }
    if (this.#type === "json") return rows.map(toJson).join(",\n");
    let text = "";
    for (const row of rows) {
      if (this.#columns === undefined) {
        const columns = Object.keys(row);
        // It would say that no row has any, and is an empty line, which is no row to its reader.
        if (columns.length === 0) continue;
        this.#columns = columns.slice(0, MOST_COLUMNS);
      }
      // A file that is appended to has its header already.
      if (this.#hasHeader && text === "" && this.#file!.bytes === 0) {
        text += this.#csv(this.#columns);
      }
      text += this.#csv(this.#columns.map((name) => row[name]));
    }
    return text;
  }

  #sayLeftOut(rows: readonly Row[], ctx: SinkContext): void {
    const columns = this.#columns;
    if (columns === undefined || this.#saidLeftOut) return;
    const known = new Set(columns);
    for (const row of rows) {
      const name = Object.keys(row).find((field) => !known.has(field));
      if (name === undefined) continue;
      ctx.log.warn(
        `${this.#path} has the columns of its first row, ${
          someOf(columns)
        }: the field "${name}" of a row is ` +
          "not written, nor is any other that is none of them; select the same fields for each row, or write lines",
      );
      this.#saidLeftOut = true;
      return;
    }
  }

  #csv(values: readonly (Value | undefined)[]): string {
    const fields = values.map((value) => {
      if (value === null || value === undefined) return "";
      const text = typeof value === "string" ? value : toJson(value).replace(/^"(.*)"$/, "$1");
      return text.includes(this.#delimiter) || /["\r\n]/.test(text)
        ? `"${text.replaceAll('"', '""')}"`
        : text;
    });
    // An empty line would be no row to its reader.
    const line = fields.length === 1 && fields[0] === "" ? '""' : fields.join(this.#delimiter);
    return `${line}\n`;
  }

  // -- Files --

  #isFull(): boolean {
    const { intervalMs, count, bytes } = this.#rolling;
    if (this.#rows === 0 || this.#file === undefined) return false;
    return (intervalMs > 0 && this.#clock.now() - this.#opened >= intervalMs) ||
      (count > 0 && this.#rows >= count) || (bytes > 0 && this.#file.bytes >= bytes);
  }

  async #checkIdle(ctx: SinkContext): Promise<void> {
    while (true) {
      try {
        await this.#clock.sleep(this.#rolling.checkMs, this.#closing.signal);
      } catch {
        return;
      }
      try {
        await this.#inTurn(async () => {
          if (this.#isFull()) await this.#roll(ctx);
        });
      } catch (error) {
        ctx.log.warn(messageOf(error));
      }
    }
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #roll(ctx: SinkContext): Promise<void> {
    this.#end();
    await this.#begin();
    ctx.log.debug("began the next file");
  }

  async #begin(): Promise<void> {
    const { intervalMs, count, bytes } = this.#rolling;
    const rolls = intervalMs > 0 || count > 0 || bytes > 0;
    try {
      await Deno.mkdir(dirname(this.#path), { recursive: true });
      const isArray = this.#type === "json";
      this.#file = rolls
        ? await FileAtWork.begin(this.#rolledPath(), isArray)
        : await FileAtWork.append(this.#path, isArray);
    } catch (error) {
      const path = this.#path;
      if (error instanceof KuiperError) throw error;
      if (error instanceof Deno.errors.NotCapable) throw fail("denied", notWritable(path), error);
      if (error instanceof Deno.errors.IsADirectory) {
        throw fail(
          "io",
          `Cannot open ${path}: it is a folder, give the path of a file in it`,
          error,
        );
      }
      throw fail("io", `Cannot open ${path}: ${messageOf(error)}`, error);
    }
    this.#opened = this.#clock.now();
    this.#rows = 0;
    this.#columns = undefined;
    this.#saidLeftOut = false;
  }

  #end(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  async #write(rows: readonly Row[]): Promise<void> {
    // A roll that failed left no file.
    if (this.#file === undefined) await this.#begin();
    try {
      await this.#file!.write(this.#textOf(rows));
    } catch (error) {
      throw fail("io", `Cannot write ${this.#path}: ${messageOf(error)}`, error);
    }
  }

  /** `readings.csv` is `readings-2026-01-31T10-20-30-123.csv` or, by prefix, `2026-…-readings.csv`. */
  #rolledPath(): string {
    const time = new Date(this.#clock.now()).toISOString().slice(0, -1).replaceAll(/[:.]/g, "-");
    const [, folder = "", name = "", extension = ""] =
      /^(.*[\\/])?([^\\/]+?)(\.[^.\\/]*)?$/.exec(this.#path) ?? [];
    return this.#rolling.pattern === "prefix"
      ? `${folder}${time}-${name}${extension}`
      : `${folder}${name}-${time}${extension}`;
  }
}

function oneOfProp<T extends string>(
  props: Props,
  name: string,
  values: readonly T[],
): T | undefined {
  const value = readTextProp(props, name);
  if (value === undefined) return undefined;
  const found = values.find((one) => one === value);
  if (found === undefined) throw wrongProp(name, value, oneOf(values));
  return found;
}

/** The first of many names, for people. */
function someOf(names: readonly string[]): string {
  const more = names.length - MOST_SHOWN;
  return names.slice(0, MOST_SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
