/**
 * Paths and URLs as text, as the runtime reads them. A plugin runs when these are called, so they use nothing that a plugin could
 * have replaced: no method of a text, no iterator.
 *
 * @module
 */
const { apply } = Reflect;
const { slice } = String.prototype;
const decode = decodeURIComponent;
const makeNumber = Number;
const getter = (name: "href" | "protocol" | "hostname" | "port" | "pathname") =>
  Object.getOwnPropertyDescriptor(URL.prototype, name)!.get!;
const hrefOf = getter("href");
const protocolOf = getter("protocol");
const hostnameOf = getter("hostname");
const portOf = getter("port");
const pathnameOf = getter("pathname");

/** Whether it is a URL, and not something that only looks like one. */
export function isUrl(value: unknown): value is URL {
  try {
    apply(hrefOf, value, []);
    return true;
  } catch {
    return false;
  }
}

/** The scheme of a URL with its colon. */
export function schemeOf(url: URL): string {
  return apply(protocolOf, url, []);
}

/** The host of a URL as it stands there: an IPv6 address in brackets. */
export function hostnameOfUrl(url: URL): string {
  return apply(hostnameOf, url, []);
}

/** The port of a URL, also where it is the one of its scheme; NaN for a scheme that has none. */
export function portOfUrl(url: URL): number {
  const port: string = apply(portOf, url, []);
  if (port !== "") return makeNumber(port);
  const scheme = schemeOf(url);
  if (scheme === "https:" || scheme === "wss:") return 443;
  return scheme === "http:" || scheme === "ws:" ? 80 : NaN;
}

/** The path of a URL in which escapes are decoded, as `fetch` takes it. @throws URIError for an escape of no text. */
export function decodedPath(url: URL): string {
  return decode(apply(pathnameOf, url, []));
}

/** The path that a URL stands for among the calls of files. @throws TypeError, URIError as the runtime does. */
export function pathOfUrl(url: URL): string {
  if (schemeOf(url) !== "file:") throw new TypeError("Must be a file URL");
  if (apply(hostnameOf, url, []) !== "") throw new TypeError("Host must be empty");
  const escaped: string = apply(pathnameOf, url, []);
  let path = "";
  for (let i = 0; i < escaped.length; i++) {
    const isBare = escaped[i] === "%" && !(isHex(escaped[i + 1]) && isHex(escaped[i + 2]));
    path += isBare ? "%25" : escaped[i];
  }
  return decode(path);
}

function isHex(character: string | undefined): boolean {
  return character !== undefined &&
    (character >= "0" && character <= "9" || character >= "a" && character <= "f" ||
      character >= "A" && character <= "F");
}

/** Whether a path goes up somewhere. */
export function goesUp(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const begins = i === 0 || path[i - 1] === "/";
    if (!begins || path[i] !== "." || path[i + 1] !== ".") continue;
    if (i + 2 === path.length || path[i + 2] === "/") return true;
  }
  return false;
}

/** An absolute path without `.`, `..`, doubled and trailing slashes: of two names that lie in each other one begins the other. */
export function normalPath(path: string, folder: () => string): string {
  const whole = path[0] === "/" ? path : `${folder()}/${path}`;
  let normal = "";
  let segment = "";
  for (let i = 0; i <= whole.length; i++) {
    if (i < whole.length && whole[i] !== "/") {
      segment += whole[i];
      continue;
    }
    if (segment === "..") normal = parentOf(normal);
    else if (segment !== "" && segment !== ".") normal += `/${segment}`;
    segment = "";
  }
  return normal === "" ? "/" : normal;
}

/** The folder of a {@link normalPath}; nothing is above the root. */
export function parentOf(path: string): string {
  return apply(slice, path, [0, nameStart(path) - 1]);
}

/** The last part of a {@link normalPath}. */
export function nameOf(path: string): string {
  return apply(slice, path, [nameStart(path)]);
}

function nameStart(path: string): number {
  let start = path.length;
  while (start > 1 && path[start - 1] !== "/") start--;
  return start;
}

/** Whether one {@link normalPath} is the other, or lies in it. */
export function liesIn(path: string, folder: string): boolean {
  if (folder === "/") return true;
  if (path.length > folder.length && path[folder.length] !== "/") return false;
  if (path.length < folder.length) return false;
  for (let i = 0; i < folder.length; i++) if (path[i] !== folder[i]) return false;
  return true;
}
