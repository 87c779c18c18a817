/**
 * From a place in linked text back to the author's file: by line exactly, by column as near as the edits tell.
 *
 * Linked text keeps every line of a module, so a line is found by subtraction; only TypeScript that had to be
 * transformed (enums, namespaces, parameter properties) needs a real source map.
 *
 * @module
 */

import { LINKED_PLACE } from "./linked_address.ts";

/** A source map's `mappings` of one source, in the text form of the format. */
export type Mappings = string;

/** Where one module lies in the linked text. Plain data: it is stored beside the text. */
export interface ModuleMap {
  /** What the user calls the file. */
  readonly display: string;
  /** What it is called in the isolate. */
  readonly url: string;
  /** First of its lines in the linked text, from 1. */
  readonly line: number;
  /** How many lines it has. */
  readonly lines: number;
  /** Triples (line of the module, column in linked text, column of the module; from 0), ascending. */
  readonly columns: readonly number[];
  /** From the JavaScript to the author's TypeScript, when their lines differ. */
  readonly mappings?: Mappings;
}

/** A place in a text; both count from 1. */
export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** The linker's name for the function around a module: its frames are the module's own top level. */
export const MODULE_FUNCTION = "<module>";

/** Frames of the engine itself: its own files and the runtime's. */
const ENGINE_FRAME = /^\s+at .*\b(?:file|ext|kuiper):\/?\/?[^\s]*:\d+:\d+\)?$/;
const FRAME = /^\s+at /;

/** The author's place for a place in the linked text; nothing when it is the linker's own line. */
export function mapPlace(
  maps: readonly ModuleMap[],
  place: Place,
): (Place & { display: string }) | undefined {
  const map = moduleAt(maps, place.line);
  if (map === undefined) return undefined;
  const line = place.line - map.line;
  const column = place.column - 1;
  let mapped = column;
  for (let at = lowerBound(map.columns, line); at < map.columns.length; at += 3) {
    if (map.columns[at] !== line || map.columns[at + 1]! > column) break;
    mapped = map.columns[at + 2]! + column - map.columns[at + 1]!;
  }
  const inCode = { line: line + 1, column: Math.max(0, mapped) + 1 };
  const original = map.mappings === undefined ? inCode : originalPosition(map.mappings, inCode);
  return { display: map.display, ...original };
}

/**
 * A stack, or any text with places in linked text, in the author's terms. Frames of the engine are left out, and so
 * is what the runtime adds below the plugin's last frame.
 */
export function mapStack(stack: string, maps: readonly ModuleMap[]): string {
  const kept: string[] = [];
  let lastOwn = -1;
  for (const line of stack.split("\n")) {
    const mapped = mapPlaces(line, maps);
    if (!FRAME.test(mapped)) {
      kept.push(mapped);
      lastOwn = kept.length - 1;
      continue;
    }
    if (mapped !== line) {
      // A place that is no module's is the linker's.
      if (/at $|\(\)$/.test(mapped)) continue;
      kept.push(topLevelFrame(mapped));
      lastOwn = kept.length - 1;
    } else if (!ENGINE_FRAME.test(mapped) && !mapped.includes(`${MODULE_FUNCTION}.next `)) {
      kept.push(mapped);
    }
  }
  return kept.slice(0, lastOwn + 1).join("\n");
}

/**
 * A text with each place in linked text as the author's; the linker's own places are left out. What a module is called in
 * the isolate becomes what the user calls it.
 */
export function mapPlaces(text: string, maps: readonly ModuleMap[]): string {
  return withNames(text, maps).replaceAll(LINKED_PLACE, (_whole, row: string, column: string) => {
    const place = mapPlace(maps, { line: Number(row), column: Number(column) });
    return place === undefined ? "" : `${place.display}:${place.line}:${place.column}`;
  });
}

function withNames(text: string, maps: readonly ModuleMap[]): string {
  if (!text.includes("plugin:///")) return text;
  // A name may begin another one.
  const longest = maps.toSorted((a, b) => b.url.length - a.url.length);
  return longest.reduce((named, { url, display }) => named.replaceAll(url, () => display), text);
}

/** The place in the source for a place in what was generated from it: the nearest mapping at or before it. */
export function originalPosition(mappings: Mappings, place: Place): Place {
  let line = 1;
  let column = 0;
  let sourceLine = 0;
  let sourceColumn = 0;
  let best: Place | undefined;
  for (const row of mappings.split(";")) {
    if (line > place.line) break;
    column = 0;
    for (const segment of row === "" ? [] : row.split(",")) {
      const fields = decodeVlq(segment);
      column += fields[0] ?? 0;
      if (fields.length < 4) continue;
      sourceLine += fields[2]!;
      sourceColumn += fields[3]!;
      // A place before everything that is mapped belongs to what is mapped first.
      if (best === undefined || line < place.line || column < place.column) {
        best = { line: sourceLine + 1, column: sourceColumn + 1 };
      }
    }
    line++;
  }
  return best ?? place;
}

/** `at Object.<module> (place)` is the top level of a module, which has no name elsewhere. */
function topLevelFrame(frame: string): string {
  return frame.replace(
    /^(\s+at (?:async )?)\S*<module>(?: \[as [^\]]*\])? \((.*)\)$/,
    "$1$2",
  );
}

function moduleAt(maps: readonly ModuleMap[], line: number): ModuleMap | undefined {
  let low = 0;
  let high = maps.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const map = maps[middle]!;
    if (line < map.line) high = middle - 1;
    else if (line >= map.line + map.lines) low = middle + 1;
    else return map;
  }
  return undefined;
}

/** Index of the first triple of `line` or a later one. */
function lowerBound(columns: readonly number[], line: number): number {
  let low = 0;
  let high = columns.length / 3;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns[middle * 3]! < line) low = middle + 1;
    else high = middle;
  }
  return low * 3;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The numbers of one segment: base 64, five bits a digit, the sixth says that more follow, the lowest is the sign. */
function decodeVlq(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) << shift;
    if (digit & 32) shift += 5;
    else {
      numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
      value = 0;
      shift = 0;
    }
  }
  return numbers;
}
