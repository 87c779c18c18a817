import { dirname } from "@std/path";
import type { Props, Sink, SinkContext, SinkItem } from "../contract/mod.ts";
import { readFlagProp, readTextProp, wrongProp } from "../connection/mod.ts";
import {
  type Clock,
  fail,
  KuiperError,
  messageOf,
  oneOf,
  ownValue,
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
/** Characters after which a text of rows is written: of many large rows there is none that holds all. */
const MOST_TEXT = 4_194_304;
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
 * - **lines**: a row of JSON a line. **csv**: the fields of the first row that has any are the columns; a field that is none
 *   is not written, and the first of a file is said. **json**: one array, whole after each batch, of which this is the only
 *   writer.
 * - **Rolling**: a file that is full is closed and the next one begun, also when nothing more comes. No file is begun
 *   twice, however fast they follow.
 * - **Whole rows**: what a batch holds is written at once, or in some texts where it is large; the end of the process
 *   loses none that was taken. A row that no text can hold is refused.
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
  #isClosed = false;
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
      // Its file would be opened again, and nobody would close it.
      if (this.#isClosed) throw fail("io", `Cannot write ${this.#path}: the sink is closed`);
      let done = 0;
      let refused = -1;
      // What is gathered comes with others in one item, which are written all the same.
      const refuse = (at: number) => {
        const index = itemsOf(items, at);
        if (index > refused) ctx.refuse(index, "a row of it is longer than a text can be");
        refused = index;
      };
      try {
        while (done < rows.length) {
          if (this.#isFull()) await this.#roll(ctx);
          const most = this.#rolling.count;
          const room = most === 0 ? rows.length - done : most - this.#rows;
          const some = done === 0 && room >= rows.length ? rows : rows.slice(done, done + room);
          const first = done;
          for await (const count of this.#write(some, (at) => refuse(first + at))) {
            done += count;
            this.#rows += count;
          }
          this.#sayLeftOut(some, ctx);
        }
      } catch (error) {
        ctx.taken(itemsOf(items, done));
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#checking;
    await this.#turn;
    this.#isClosed = true;
    this.#end();
  }

  // -- Rows to text --

  /**
   * Rows as texts to write one after the other, each with how many rows it is of.
   *
   * @param tooLong is told which of the rows no text can hold.
   */
  *#textsOf(
    rows: readonly Row[],
    tooLong: (at: number) => void,
  ): Generator<{ text: string; count: number }> {
    const between = this.#type === "json" ? ",\n" : "";
    let text = "";
    let count = 0;
    for (let at = 0; at < rows.length; at++) {
      let next: string;
      try {
        next = this.#textOf(rows[at]!, text === "");
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        tooLong(at);
        next = "";
      }
      if (next !== "" && text !== "" && text.length + next.length > MOST_TEXT) {
        yield { text, count };
        text = "";
        count = 0;
      }
      if (next !== "") text = text === "" ? next : text + between + next;
      count++;
    }
    yield { text, count };
  }

  #textOf(row: Row, isFirst: boolean): string {
    if (this.#type === "lines") return toJson(row) + "\n";
    if (this.#type === "json") return toJson(row);
    if (this.#columns === undefined) {
      const columns = Object.keys(row);
      // It would say that no row has any, and is an empty line, which is no row to its reader.
      if (columns.length === 0) return "";
      this.#columns = columns.slice(0, MOST_COLUMNS);
    }
    const line = this.#csv(this.#columns.map((name) => ownValue(row, name)));
    // A file that is appended to has its header already.
    const wantsHeader = this.#hasHeader && isFirst && this.#file!.bytes === 0;
    return wantsHeader ? this.#csv(this.#columns) + line : line;
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

  /** Write rows, and tell each time how many more are done with. */
  async *#write(rows: readonly Row[], tooLong: (at: number) => void): AsyncGenerator<number> {
    // A roll that failed left no file.
    if (this.#file === undefined) await this.#begin();
    try {
      for (const { text, count } of this.#textsOf(rows, tooLong)) {
        if (text !== "") await this.#file!.write(text);
        yield count;
      }
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

/** How many of the first items have no more than the first `rows` rows. */
function itemsOf(items: readonly SinkItem[], rows: number): number {
  let left = rows;
  const beyond = items.findIndex((item) => {
    if ("message" in item) left -= Array.isArray(item.message) ? item.message.length : 1;
    return left < 0;
  });
  return beyond === -1 ? items.length : beyond;
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
