import { fail, messageOf } from "../core/mod.ts";
import { errorAt, type Finding, type Place } from "./finding.ts";
import type { KeyPath } from "./yaml_locator.ts";

/** A line with one of these is not shown. */
const SECRET_WORD = /pass|secret|token|key|credential|authorization|cookie/i;

/** A key or an item of a list behind a tab: YAML has no such thing, but the parser takes it as not indented at all. */
const TAB_INDENT = /^\t\s*(?:[^\s#][^#]*:(?:\s|$)|-\s)/;

/** A mapping as YAML or JSON gives it. */
export type Section = Readonly<Record<string, unknown>>;

/** A YAML file that was read. */
export interface YamlFile {
  /** Absolute path. */
  readonly path: string;
  /** The name that messages use. */
  readonly name: string;
  readonly text: string;
  /** The top mapping; empty when the file is. */
  readonly value: Section;
  /** Where a key or, by default, its value stands; the nearest parent when it is not known. */
  locate(path: KeyPath, of?: "key" | "value"): Place;
}

/** Whether `value` is a mapping. */
export function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array) && !(value instanceof Date);
}

/** What `value` is, in the words of YAML. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isSection(value)) return "a mapping";
  if (value === null) return "empty";
  return typeof value === "string" ? "a text" : `${value}`;
}

/**
 * Read a YAML file whose top is a mapping.
 *
 * @param name what messages call the file.
 * @returns undefined when there is no such file; a finding when it does not parse.
 * @throws KuiperError `io` or `denied` when it is there but cannot be read.
 */
export async function readYamlFile(
  path: string,
  name: string,
): Promise<YamlFile | Finding | undefined> {
  const text = await readText(path, name);
  return text === undefined ? undefined : await parseYaml(text, { path, name });
}

/** The same of a text that was read already. */
export async function parseYaml(
  text: string,
  file: { path: string; name: string },
): Promise<YamlFile | Finding> {
  const tab = text.split("\n").findIndex((line) => TAB_INDENT.test(line));
  if (tab >= 0) {
    const place = { file: file.name, line: tab + 1, column: 1 };
    return errorAt(place, "the line is indented with a tab, indent it with spaces");
  }
  const { parse, YamlSyntaxError } = await import("@std/yaml");
  let value: unknown;
  try {
    // The core schema is what JSON can say: a date stays the text that it is.
    value = parse(text, { schema: "core" }) ?? {};
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    return syntaxFinding(error, { name: file.name, text });
  }
  const { YamlLocator } = await import("./yaml_locator.ts");
  const locator = new YamlLocator(text);
  const locate = (path: KeyPath, of?: "key" | "value") => ({
    file: file.name,
    ...locator.locate(path, of),
  });
  if (!isSection(value)) {
    return errorAt(
      locate([]),
      `the file holds ${kindOf(value)}, expected a mapping of sections ("default:" and so on)`,
    );
  }
  const merge = text.includes("<<") ? findKey(value, "<<") : undefined;
  if (merge !== undefined) {
    return errorAt(locate(merge, "key"), 'merge keys ("<<") are not read, write the fields out');
  }
  return { ...file, text, value, locate };
}

function findKey(value: unknown, name: string, path: KeyPath = []): KeyPath | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    if (key === name) return here;
    const found = findKey(inner, name, here);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether reading gave a finding in place of a file. */
export function isFinding(result: YamlFile | Finding): result is Finding {
  return "severity" in result;
}

function syntaxFinding(
  error: { message: string; line: number; column: number; snippet: string },
  { name, text }: { name: string; text: string },
): Finding {
  const [reason = ""] = error.message.split(/ at line \d+/);
  const line = text.split("\n")[error.line - 1] ?? "";
  // Behind a section the parser counts the column of a key that stands twice from an earlier line.
  const column = error.column > 0 ? error.column : line.search(/\S/) + 1;
  const place = { file: name, line: error.line, column };
  // What does not parse cannot be told apart into keys and secrets.
  const shown = SECRET_WORD.test(line) ? {} : { snippet: error.snippet };
  if (reason.includes("duplicated key")) {
    const key = /^["']?([^"':\s]+)/.exec(line.slice(column - 1))?.[1] ?? "a key";
    const message = `"${key}" stands here for the second time in one mapping, rename or remove one`;
    return { ...errorAt(place, message), ...shown };
  }
  const cure = /[{[].*\$\{/.test(line)
    ? 'put "${…}" between quotes inside braces and brackets'
    : 'indent with spaces, and quote a text that holds ": ", "#" or a bracket';
  const message = `this is not YAML (${reason.charAt(0).toLowerCase()}${reason.slice(1)}), ${cure}`;
  return { ...errorAt(place, message), ...shown };
}

async function readText(path: string, name: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotCapable) {
      throw fail(
        "denied",
        `Cannot read ${name}: this executable has no permission to read ${path}, ` +
          `run it from a base directory that it may read`,
        error,
      );
    }
    throw fail("io", `Cannot read ${name}: ${messageOf(error)}`, error);
  }
}
