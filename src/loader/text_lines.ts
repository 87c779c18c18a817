import { firstIndex } from "./first_index.ts";
import type { Place } from "./source_map.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The lines of a text: found once, because a module asks for the place of each of its imports. */
export class TextLines {
  /** Where each line begins. */
  readonly starts: Uint32Array;

  constructor(text: string) {
    let count = 1;
    for (let at = nextStart(text, 0); at >= 0; at = nextStart(text, at)) count++;
    this.starts = new Uint32Array(count);
    for (let line = 1; line < count; line++) {
      this.starts[line] = nextStart(text, this.starts[line - 1]!);
    }
  }

  /** Line and column of `offset`. */
  placeOf(offset: number): Place {
    const after = firstIndex(this.starts.length, (line) => this.starts[line]! > offset);
    return { line: after, column: offset - this.starts[after - 1]! + 1 };
  }

  /** Where a place lies in the text; the end of the text for one behind it. */
  offsetOf({ line, column }: Place): number {
    return (this.starts[line - 1] ?? Infinity) + column - 1;
  }
}

/** Where the line begins that follows the one at `from`; -1 when none does. */
function nextStart(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED || code === 0x2028 || code === 0x2029) return at + 1;
    if (code === CARRIAGE_RETURN) return text.charCodeAt(at + 1) === LINE_FEED ? at + 2 : at + 1;
  }
  return -1;
}
