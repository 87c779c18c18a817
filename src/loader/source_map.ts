/**
 * From a place in linked text back to the author's file: by line exactly, by column as near as the edits tell.
 *
 * Linked text keeps every line of a module, so a line is found by subtraction; only TypeScript that had to be
 * transformed (enums, namespaces, parameter properties) needs a real source map.
 *
 * @module
 */

import { firstIndex } from "./first_index.ts";
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

/** Places of the engine itself: its own files and the runtime's. */
const ENGINE_FILE = /\b(?:file|ext|kuiper):/;
const ENDS_IN_PLACE = /:\d+:\d+\)?$/;
const FRAME = /^\s+at /;

/** Most frames of a stack that are shown: a plugin writes as many as it likes. */
const MOST_FRAMES = 50;
/** Most places of a text that are mapped, and most names: one for each frame, and those of its message. */
const MOST_PLACES = 100;

/** What was found in a text so far. */
interface Found {
  places: number;
  names: number;
}

/** The author's place for a place in the linked text; nothing when it is the linker's own line. */
export function mapPlace(
  maps: readonly ModuleMap[],
  place: Place,
): (Place & { display: string }) | undefined {
  const map = moduleAt(maps, place.line);
  if (map === undefined) return undefined;
  const line = place.line - map.line;
  const column = place.column - 1;
  const { columns } = map;
  const after = firstIndex(columns.length / 3, (index) => {
    const behind = columns[index * 3]! - line;
    return behind > 0 || (behind === 0 && columns[index * 3 + 1]! > column);
  });
  const at = (after - 1) * 3;
  const isOnLine = after > 0 && columns[at] === line;
  const mapped = isOnLine ? columns[at + 2]! + column - columns[at + 1]! : column;
  const inCode = { line: line + 1, column: Math.max(0, mapped) + 1 };
  return { display: map.display, ...sourceMapOf(map)?.originalOf(inCode) ?? inCode };
}

/** Decoded once for each module, when it is first asked. */
const decoded = new WeakMap<ModuleMap, SourceMap>();

function sourceMapOf(map: ModuleMap): SourceMap | undefined {
  if (map.mappings === undefined) return undefined;
  const known = decoded.get(map) ?? new SourceMap(map.mappings);
  decoded.set(map, known);
  return known;
}

/**
 * A stack, or any text with places in linked text, in the author's terms. Frames of the engine are left out, and so
 * is what the runtime adds below the plugin's last frame.
 */
export function mapStack(stack: string, maps: readonly ModuleMap[]): string {
  const kept: string[] = [];
  let lastOwn = -1;
  let frames = 0;
  const found = { places: 0, names: 0 };
  for (const line of stack.split("\n")) {
    if (FRAME.test(line) && ++frames > MOST_FRAMES) continue;
    const mapped = mapPlaces(line, maps, found);
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
    } else if (!isEngineFrame(mapped) && !mapped.includes(`${MODULE_FUNCTION}.next `)) {
      kept.push(mapped);
    }
  }
  const shown = kept.slice(0, lastOwn + 1);
  if (frames > MOST_FRAMES) shown.push(`    … and ${frames - MOST_FRAMES} more`);
  return shown.join("\n");
}

/** Its last word is looked at alone: a plugin writes lines in which one expression would try all ways. */
function isEngineFrame(line: string): boolean {
  const place = line.slice(line.lastIndexOf(" ") + 1);
  return ENGINE_FILE.test(place) && ENDS_IN_PLACE.test(place);
}

/**
 * A text with each place in linked text as the author's; the linker's own places are left out. What a module is called in
 * the isolate becomes what the user calls it.
 *
 * @param found how many were mapped before; those beyond the most are left as they are. @default {none}
 */
export function mapPlaces(
  text: string,
  maps: readonly ModuleMap[],
  found: Found = { places: 0, names: 0 },
): string {
  const named = withNames(text, maps, found);
  return named.replaceAll(LINKED_PLACE, (whole, row: string, column: string) => {
    if (++found.places > MOST_PLACES) return whole;
    const place = mapPlace(maps, { line: Number(row), column: Number(column) });
    return place === undefined ? "" : `${place.display}:${place.line}:${place.column}`;
  });
}

const OWN_NAME = /plugin:\/\/\/(?:(?!plugin:\/\/\/)[^\s"<>])*/g;

/** What the modules of a plugin are called here, by what they are called in the isolate. */
interface Names {
  readonly displays: ReadonlyMap<string, string>;
  /** How long the names in the isolate are, descending: one may begin another. */
  readonly lengths: readonly number[];
}

const namesOf = new WeakMap<readonly ModuleMap[], Names>();

function withNames(text: string, maps: readonly ModuleMap[], found: Found): string {
  if (!text.includes("plugin:///")) return text;
  const { displays, lengths } = knownNames(maps);
  return text.replaceAll(OWN_NAME, (whole) => {
    if (++found.names > MOST_PLACES) return whole;
    for (const length of lengths) {
      const display = length > whole.length ? undefined : displays.get(whole.slice(0, length));
      if (display !== undefined) return display + whole.slice(length);
    }
    return whole;
  });
}

function knownNames(maps: readonly ModuleMap[]): Names {
  const known = namesOf.get(maps) ?? {
    displays: new Map(maps.map(({ url, display }) => [url, display])),
    lengths: [...new Set(maps.map(({ url }) => url.length))].sort((a, b) => b - a),
  };
  namesOf.set(maps, known);
  return known;
}

/** A decoded source map of one source. */
export class SourceMap {
  /** Of each mapping: line and column of what was generated, line and column of the source, from 0. Ascending. */
  readonly #fields: Int32Array;

  constructor(mappings: Mappings) {
    this.#fields = decodeMappings(mappings);
  }

  /**
   * The place in the source for a place in what was generated from it: the nearest mapping at or before it, or the
   * first one of all.
   */
  originalOf(place: Place): Place {
    const fields = this.#fields;
    if (fields.length === 0) return place;
    const after = firstIndex(fields.length / 4, (index) => {
      const line = fields[index * 4]! - (place.line - 1);
      return line > 0 || (line === 0 && fields[index * 4 + 1]! >= place.column);
    });
    const nearest = Math.max(0, after - 1) * 4;
    return { line: fields[nearest + 2]! + 1, column: fields[nearest + 3]! + 1 };
  }
}

function decodeMappings(mappings: Mappings): Int32Array {
  const segments = mappings.length - mappings.replaceAll(/[,;]/g, "").length + 1;
  const fields = new Int32Array(segments * 4);
  let used = 0;
  let sourceLine = 0;
  let sourceColumn = 0;
  for (const [line, row] of mappings.split(";").entries()) {
    let column = 0;
    for (const segment of row === "" ? [] : row.split(",")) {
      const numbers = decodeVlq(segment);
      column += numbers[0] ?? 0;
      if (numbers.length < 4) continue;
      sourceLine += numbers[2]!;
      sourceColumn += numbers[3]!;
      fields.set([line, column, sourceLine, sourceColumn], used);
      used += 4;
    }
  }
  return fields.slice(0, used);
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
