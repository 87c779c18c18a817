import { fail } from "../core/mod.ts";
import { isFinding, isSection, parseYaml, type Section } from "./yaml_file.ts";
import type { KeyPath } from "./yaml_locator.ts";

/** A YAML value that can be written: what a section of our own files holds. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | {
  readonly [key: string]: YamlValue;
};

/** What to change. */
export interface YamlEdit {
  /** Keys only, from the top. */
  readonly path: readonly string[];
  /** The new value; absent takes the key away. */
  readonly value?: YamlValue;
  /** What messages call the file. */
  readonly name: string;
}

/**
 * `text` with one key set or taken away; every other line, comments included, stays as it is.
 *
 * The new text is parsed and compared with what it should say, so that an unforeseen spelling is refused and never
 * guessed at.
 *
 * @throws KuiperError `config` when the text cannot be edited so; the message has the lines to write by hand.
 */
export async function editYaml(text: string, edit: YamlEdit): Promise<string> {
  const before = await read(text, edit);
  const wanted = withPath(before.value, edit.path, edit.value);
  const edited = replaceBlock(text, edit, before);
  const after = await read(edited, edit);
  if (!same(after.value, wanted)) throw refuse(edit);
  return edited;
}

/** The lines that say `key: value` at this depth, each with a line break. */
export function yamlLines(key: string, value: YamlValue, indent = 0): string {
  const head = `${" ".repeat(indent)}${yamlKey(key)}:`;
  if (!isMapping(value)) return `${head} ${flow(value)}\n`;
  const inner = Object.entries(value).map(([name, one]) => yamlLines(name, one, indent + 2));
  return inner.length === 0 ? `${head} {}\n` : `${head}\n${inner.join("")}`;
}

function flow(value: YamlValue): string {
  return Array.isArray(value) ? `[${value.map(flow).join(", ")}]` : JSON.stringify(value);
}

function isMapping(value: YamlValue): value is { readonly [key: string]: YamlValue } {
  return typeof value === "object" && !Array.isArray(value);
}

/** What YAML would read as something else than this text is quoted. */
function yamlKey(name: string): string {
  const plain = /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(name) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name);
  return plain ? name : JSON.stringify(name);
}

type Parsed = Exclude<Awaited<ReturnType<typeof parseYaml>>, { severity: unknown }>;

async function read(text: string, { name, path, value }: YamlEdit): Promise<Parsed> {
  const parsed = await parseYaml(text, { path: name, name });
  if (!isFinding(parsed)) return parsed;
  throw refuse({ name, path, ...(value === undefined ? {} : { value }) });
}

function refuse({ name, path, value }: YamlEdit): Error {
  if (value === undefined) {
    return fail(
      "config",
      `${name} is written in a way that cannot be edited safely, take "${
        path.join(".")
      }" out by hand`,
    );
  }
  const nested = path.slice(1).reduceRight<YamlValue>((inner, key) => ({ [key]: inner }), value);
  return fail(
    "config",
    `${name} is written in a way that cannot be edited safely, write there by hand:\n` +
      yamlLines(path[0]!, nested).trimEnd(),
  );
}

function withPath(section: Section, path: readonly string[], value?: YamlValue): Section {
  const [key, ...rest] = path;
  const { [key!]: old, ...others } = section;
  if (rest.length > 0) {
    const inner = isSection(old) ? old : {};
    return { ...section, [key!]: withPath(inner, rest, value) };
  }
  return value === undefined ? others : { ...section, [key!]: value };
}

/** Where the lines of a key begin and end, and how far it is indented. */
interface Block {
  readonly first: number;
  readonly end: number;
  readonly indent: number;
}

function replaceBlock(text: string, edit: YamlEdit, parsed: Parsed): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
  const { path, value } = edit;
  const known = knownDepth(parsed.value, path);
  const blockOf = (depth: number): Block =>
    blockAt(lines, {
      ...place(parsed, path.slice(0, depth)),
      comments: depth === path.length,
    });
  if (known === path.length) {
    const block = blockOf(known);
    const fresh = value === undefined ? [] : written(path.at(-1)!, value, block.indent);
    lines.splice(block.first, block.end - block.first, ...fresh);
    const emptied = value === undefined && known > 1 &&
      isLast(valueAt(parsed.value, path.slice(0, -1)));
    // A mapping whose last key went is written as an empty one, and not as nothing.
    if (emptied) {
      const parent = place(parsed, path.slice(0, -1)).line - 1;
      lines[parent] = lines[parent]!.replace(/:(\s*(#.*)?)$/, ": {}$1");
    }
  } else if (value !== undefined) {
    const parent = known === 0 ? undefined : blockOf(known);
    const nested = path.slice(known + 1).reduceRight<YamlValue>(
      (inner, key) => ({ [key]: inner }),
      value,
    );
    const indent = parent === undefined ? 0 : childIndent(lines, parent);
    const at = parent?.end ?? lines.length;
    if (parent !== undefined) {
      lines[parent.first] = lines[parent.first]!.replace(
        /:\s*(?:\{\s*\}|null|~)(\s*(?:#.*)?)$/,
        ":$1",
      );
    }
    lines.splice(at, 0, ...written(path[known]!, nested, indent));
  }
  return lines.map((line) => line + eol).join("");
}

function written(key: string, value: YamlValue, indent: number): string[] {
  return yamlLines(key, value, indent).trimEnd().split("\n");
}

/** How many keys of the path are there. */
function knownDepth(section: Section, path: readonly string[]): number {
  let value: unknown = section;
  for (const [depth, key] of path.entries()) {
    if (!isSection(value) || !Object.hasOwn(value, key)) return depth;
    value = value[key];
  }
  return path.length;
}

function valueAt(section: Section, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => isSection(value) ? value[key] : undefined, section);
}

function isLast(value: unknown): boolean {
  return isSection(value) && Object.keys(value).length === 1;
}

function place(parsed: Parsed, path: KeyPath): { line: number; column: number } {
  const { line = 1, column = 1 } = parsed.locate(path, "key");
  return { line, column };
}

/**
 * The lines of a key: its own, and those that stand further right.
 *
 * @param options.comments whether comments at their end that stand further right are counted too.
 */
function blockAt(
  lines: readonly string[],
  options: { line: number; column: number; comments: boolean },
): Block {
  const { line, comments } = options;
  const indent = options.column - 1;
  let end = line;
  for (let at = line; at < lines.length; at++) {
    const text = lines[at]!.trimStart();
    const depth = lines[at]!.length - text.length;
    const isComment = text.startsWith("#");
    if (text === "" || (isComment && (depth <= indent || !comments))) continue;
    const isItem = depth === indent && /^-(\s|$)/.test(text);
    if (depth <= indent && !isItem) break;
    end = at + 1;
  }
  return { first: line - 1, end, indent };
}

function childIndent(lines: readonly string[], block: Block): number {
  for (let at = block.first + 1; at < block.end; at++) {
    const text = lines[at]!;
    const depth = text.length - text.trimStart().length;
    if (text.trim() !== "" && !text.trimStart().startsWith("#") && depth > block.indent) {
      return depth;
    }
  }
  return block.indent + 2;
}

function same(a: unknown, b: unknown): boolean {
  if (isSection(a) && isSection(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => same(item, b[i]));
  }
  // An empty mapping may be written as nothing.
  const isNothing = (value: unknown) =>
    value === null || (isSection(value) && Object.keys(value).length === 0);
  return a === b || (isNothing(a) && isNothing(b));
}
