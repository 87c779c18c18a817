/**
 * Whether what a server answered is a module, and in which language.
 *
 * @module
 */
import { oneOf } from "../core/mod.ts";

/** The language of a module, or why there is none. */
export type ModuleKind = { readonly isTypeScript: boolean } | { readonly why: string };

const TYPESCRIPT = new Set([
  "application/typescript",
  "application/x-typescript",
  "text/typescript",
  // What servers make of `.ts` that know it as a film, or as a translation of Qt.
  "text/vnd.trolltech.linguist",
  "video/mp2t",
  "video/vnd.dlna.mpeg-tts",
]);
const JAVASCRIPT = new Set([
  "application/ecmascript",
  "application/javascript",
  "application/x-javascript",
  "text/ecmascript",
  "text/javascript",
]);
/** Types that say nothing: the name decides. */
const SILENT = new Set(["", "application/octet-stream", "binary/octet-stream", "text/plain"]);
const CHARSETS = new Set(["", "us-ascii", "utf-8", "utf8"]);

/**
 * The kind of the module at `url` by its content type and its name.
 *
 * @param options.contentType the header, or null when there is none.
 */
export function moduleKind(url: URL, options: { contentType: string | null }): ModuleKind {
  const [type, charset] = splitType(options.contentType ?? "");
  const name = /\.m?([jt])s$/.exec(url.pathname)?.[1];
  if (type === "text/html" || type === "application/xhtml+xml") {
    return { why: "it is a web page; use the URL of the raw file" };
  }
  if (type === "application/json" || type.endsWith("+json")) {
    return { why: "it is JSON; put the data into a .ts or .js file that exports it" };
  }
  const isSilent = SILENT.has(type);
  if (isSilent && name === undefined) {
    const what = type === "" ? "no content type" : `the content type "${type}"`;
    return {
      why: `it has ${what} and no .ts or .js in its name; serve it as "application/typescript" ` +
        'or "text/javascript"',
    };
  }
  if (!isSilent && !TYPESCRIPT.has(type) && !JAVASCRIPT.has(type)) {
    const expected = oneOf(["application/typescript", "text/javascript"]);
    return { why: `its content type is "${type}", expected ${expected}` };
  }
  if (!CHARSETS.has(charset)) {
    return { why: `its charset is "${charset}"; serve it as UTF-8` };
  }
  // Either may say so: JavaScript that is taken for TypeScript still runs, the other way round nothing does.
  return { isTypeScript: name === "t" || TYPESCRIPT.has(type) };
}

/** Type and charset in lower case; what is missing is empty. */
function splitType(header: string): [type: string, charset: string] {
  const [type = "", ...parameters] = header.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  return [type, charset?.slice("charset=".length).replaceAll('"', "").trim() ?? ""];
}

/**
 * Milliseconds that a `Retry-After` header asks for, in seconds or as a date; undefined when it says nothing usable.
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
