import { dirname } from "@std/path";
import type { Props, Sink, SinkContext, SinkItem } from "../contract/mod.ts";
import { readFlagProp, readTextProp, wrongProp } from "../connection/mod.ts";
import {
  fail,
  messageOf,
  oneOf,
  parseDuration,
  type Row,
  toJson,
  type Value,
} from "../core/mod.ts";

const TYPES = ["lines", "json", "csv"] as const;
const PATTERNS = ["suffix", "prefix"] as const;

/** When a file is closed and the next one begun; 0 is never. */
interface Rolling {
  readonly intervalMs: number;
  readonly count: number;
  readonly bytes: number;
  /** Where the time goes in the names of the files. */
  readonly pattern: (typeof PATTERNS)[number];
}

/**
 * The sink `file`: rows go to `path`, appended.
 *
 * - **lines**: a row of JSON a line. **csv**: the fields of the first row are the columns. **json**: one array, whole
 *   when the file is closed.
 * - **Whole rows**: what a batch holds is written at once; the end of the process loses none that was taken.
 */
export class FileSink implements Sink {
  readonly takes = "rows";
  #path = "";
  #type: (typeof TYPES)[number] = "lines";
  #delimiter = ",";
  #hasHeader = false;
  #rolling: Rolling = { intervalMs: 0, count: 0, bytes: 0, pattern: "suffix" };
  #file: Deno.FsFile | undefined;
  #opened = 0;
  #rows = 0;
  #bytes = 0;
  #columns: string[] | undefined;

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
      count: number("rollingCount"),
      bytes: number("rollingSize"),
      pattern: oneOfProp(props, "rollingNamePattern", PATTERNS) ?? "suffix",
    };
  }

  async open(): Promise<void> {
    await this.#begin();
  }

  async collect(items: readonly SinkItem[], ctx: SinkContext): Promise<void> {
    const rows: Row[] = [];
    for (const item of items) {
      if (!("message" in item)) continue;
      if (Array.isArray(item.message)) rows.push(...item.message as Row[]);
      else rows.push(item.message);
    }
    for (let from = 0; from < rows.length;) {
      if (this.#isFull()) await this.#roll(ctx);
      const { count } = this.#rolling;
      const room = count === 0 ? rows.length - from : count - this.#rows;
      const some = rows.slice(from, from + room);
      await this.#write(this.#textOf(some));
      this.#rows += some.length;
      from += some.length;
    }
  }

  async close(): Promise<void> {
    await this.#end();
  }

  // -- Rows to text --

  #textOf(rows: readonly Row[]): string {
    if (this.#type === "lines") return rows.map((row) => `${toJson(row)}\n`).join("");
    if (this.#type === "json") {
      return rows.map((row, i) => (this.#rows + i === 0 ? "[" : ",\n") + toJson(row)).join("");
    }
    let text = "";
    for (const row of rows) {
      if (this.#columns === undefined) {
        this.#columns = Object.keys(row);
        // A file that is appended to has its header already.
        if (this.#hasHeader && this.#bytes === 0) text += this.#csv(this.#columns);
      }
      text += this.#csv(this.#columns.map((name) => row[name]));
    }
    return text;
  }

  #csv(values: readonly (Value | undefined)[]): string {
    const fields = values.map((value) => {
      if (value === null || value === undefined) return "";
      const text = typeof value === "string" ? value : toJson(value).replace(/^"(.*)"$/, "$1");
      return text.includes(this.#delimiter) || /["\r\n]/.test(text)
        ? `"${text.replaceAll('"', '""')}"`
        : text;
    });
    return `${fields.join(this.#delimiter)}\n`;
  }

  // -- Files --

  #isFull(): boolean {
    const { intervalMs, count, bytes } = this.#rolling;
    if (this.#rows === 0) return false;
    return (intervalMs > 0 && Date.now() - this.#opened >= intervalMs) ||
      (count > 0 && this.#rows >= count) || (bytes > 0 && this.#bytes >= bytes);
  }

  async #roll(ctx: SinkContext): Promise<void> {
    await this.#end();
    await this.#begin();
    ctx.log.debug("began the next file");
  }

  async #begin(): Promise<void> {
    const { intervalMs, count, bytes } = this.#rolling;
    const rolls = intervalMs > 0 || count > 0 || bytes > 0;
    const path = rolls ? this.#rolledPath() : this.#path;
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      this.#file = await Deno.open(path, {
        create: true,
        ...(this.#type === "json" ? { write: true, truncate: true } : { append: true }),
      });
      this.#bytes = (await this.#file.stat()).size;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        throw fail(
          "denied",
          `This executable may not write ${path}: it was made without that permission, make one with ` +
            `"deno task compile --write=./data,./plugins,./etc,./kuiper.lock,${path}", or write below data/`,
          error,
        );
      }
      throw fail("io", `Cannot open ${path}: ${messageOf(error)}`, error);
    }
    this.#opened = Date.now();
    this.#rows = 0;
    this.#columns = undefined;
  }

  async #end(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    try {
      if (this.#type === "json") await this.#write(this.#rows === 0 ? "[]\n" : "]\n");
    } finally {
      this.#file = undefined;
      file.close();
    }
  }

  async #write(text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    this.#bytes += bytes.length;
    try {
      while (bytes.length > 0) bytes = bytes.subarray(await this.#file!.write(bytes));
    } catch (error) {
      throw fail("io", `Cannot write ${this.#path}: ${messageOf(error)}`, error);
    }
  }

  /** `readings.csv` is `readings-2026-01-31T10-20-30-123.csv` or, by prefix, `2026-…-readings.csv`. */
  #rolledPath(): string {
    const time = new Date().toISOString().slice(0, -1).replaceAll(/[:.]/g, "-");
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
