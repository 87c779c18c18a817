import { type Mappings, type Place, SourceMap } from "./source_map.ts";
import { TextLines } from "./text_lines.ts";

/** Finds where an author wrote what stands in the JavaScript of a module. What it needs for that is made once, when it is asked. */
export class AuthorPlaces {
  readonly #code: string;
  readonly #source: string;
  readonly #mappings: Mappings | undefined;
  #codeLines: TextLines | undefined;
  #sourceLines: TextLines | undefined;
  #map: SourceMap | undefined;

  /**
   * @param code the JavaScript.
   * @param options.source the author's text.
   * @param options.mappings from the JavaScript back to it, when positions differ.
   */
  constructor(code: string, options: { source: string; mappings?: Mappings | undefined }) {
    this.#code = code;
    this.#source = options.source;
    this.#mappings = options.mappings;
  }

  /** The author's place for an offset of the JavaScript. */
  placeOf(offset: number): Place {
    const place = (this.#codeLines ??= new TextLines(this.#code)).placeOf(offset);
    if (this.#mappings === undefined) return place;
    return (this.#map ??= new SourceMap(this.#mappings)).originalOf(place);
  }

  /** What the author wrote from there up to the first quote: of an import all but what it imports from. */
  textUpToQuote(offset: number): string {
    const lines = this.#sourceLines ??= new TextLines(this.#source);
    const start = lines.offsetOf(this.placeOf(offset));
    const quote = /["']/g;
    quote.lastIndex = start;
    return this.#source.slice(start, quote.exec(this.#source)?.index);
  }
}
