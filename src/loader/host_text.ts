/**
 * Hosts as text, as the runtime's permissions read them. A plugin runs when these are called, so they use nothing that a
 * plugin could have replaced.
 *
 * @module
 */
const { apply } = Reflect;
const { slice } = String.prototype;
const MakeUrl = URL;
const hostnameOf = Object.getOwnPropertyDescriptor(URL.prototype, "hostname")!.get!;
const parseNumber = Number.parseInt;

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
/** What names are written with, beside dots. */
const NAME = "abcdefghijklmnopqrstuvwxyz0123456789-_";
/** What IPv6 addresses are written with. */
const ADDRESS = "0123456789abcdefABCDEF:.";
/** How an IPv4 address begins that is written as an IPv6 one. */
const MAPPED = "[::ffff:";

/** A host that was granted. */
export interface HostPattern {
  /** As {@link plainHost} says it. */
  readonly host: string;
  /** What lies below the host is granted, too. */
  readonly below: boolean;
  /** The one that was granted; undefined is every one. */
  readonly port: number | undefined;
}

/** What an entry of a grant stands for: `host`, `host:port`, `[::1]:port`, `*.host`. */
export function hostPattern(entry: string): HostPattern {
  const bracket = entry[0] === "[" ? endOf(entry, "]", 0) : 0;
  const colon = endOf(entry, ":", bracket);
  const port = colon === entry.length
    ? undefined
    : parseNumber(apply(slice, entry, [colon + 1, entry.length]), 10);
  const below = entry[0] === "*" && entry[1] === ".";
  const host = plainHost(apply(slice, entry, [below ? 2 : 0, colon]));
  return { host, below, port };
}

/** Whether the port is one that was granted. */
export function isAt(pattern: HostPattern, port: number): boolean {
  return pattern.port === undefined || pattern.port === port;
}

/** Whether a host is one that was granted. @param host of {@link plainHost}. */
export function matches(pattern: HostPattern, host: string, port: number): boolean {
  if (!isAt(pattern, port)) return false;
  if (pattern.host === host) return host !== "";
  if (!pattern.below || isIPv4(host) || host[0] === "[") return false;
  const start = host.length - pattern.host.length;
  if (start < 2 || host[start - 1] !== ".") return false;
  for (let i = 0; i < pattern.host.length; i++) {
    if (host[start + i] !== pattern.host[i]) return false;
  }
  return pattern.host !== "";
}

/**
 * One text for all spellings of a host: a name in small letters without the dot at its end, an IPv4 address, an IPv6
 * address in brackets. An IPv4 address that is written as an IPv6 one is the IPv4 address. What is no host at all is empty.
 */
export function plainHost(hostname: string): string {
  const last = hostname.length - 1;
  if (hostname[0] === "[" && hostname[last] === "]") {
    return plainIPv6(apply(slice, hostname, [1, last]));
  }
  if (has(hostname, ":")) return plainIPv6(hostname);
  const isWhole = hostname[last] === ".";
  // The dot at the end is a name's.
  if (isIPv4(isWhole ? apply(slice, hostname, [0, last]) : hostname)) {
    return isWhole ? "" : hostname;
  }
  let name = "";
  for (let i = 0; i < hostname.length; i++) {
    const character = smallLetter(hostname[i]!);
    const isNamed = name !== "" && name[name.length - 1] !== ".";
    if (character === "." ? !isNamed : !has(NAME, character)) return "";
    if (!isWhole || i < last) name += character;
  }
  return name;
}

/** The place of a character, or the length. */
function endOf(text: string, character: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== character) at++;
  return at;
}

function has(text: string, character: string): boolean {
  return endOf(text, character, 0) < text.length;
}

/**
 * By which of the machine's networks an IPv6 address is reached stands behind a "%". Behind an IPv4 address the runtime's
 * permissions cut it off as well, and then it is all together a name that the machine looks up.
 */
function withoutZone(address: string): string {
  return apply(slice, address, [0, endOf(address, "%", 0)]);
}

/** Of letters that Latin has: others are of no name that can be granted. */
function smallLetter(character: string): string {
  const at = endOf(UPPER, character, 0);
  return at < UPPER.length ? LOWER[at]! : character;
}

function plainIPv6(address: string): string {
  // In an entry of a grant a bracket would end it.
  if (has(address, "]")) return "";
  const groups = withoutZone(address);
  for (let i = 0; i < groups.length; i++) if (!has(ADDRESS, groups[i]!)) return "";
  let text: string;
  try {
    text = apply(hostnameOf, new MakeUrl(`http://[${groups}]`), []);
  } catch {
    return "";
  }
  for (let i = 0; i < MAPPED.length; i++) if (text[i] !== MAPPED[i]) return text;
  const middle = endOf(text, ":", MAPPED.length);
  // With more than two groups behind it is another address.
  if (endOf(text, ":", middle + 1) < text.length) return text;
  const high = parseNumber(apply(slice, text, [MAPPED.length, middle]), 16);
  const low = parseNumber(apply(slice, text, [middle + 1, text.length - 1]), 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** Whether it is four numbers, as they are written in full. */
function isIPv4(text: string): boolean {
  let numbers = 0;
  let at = 0;
  while (at <= text.length) {
    const end = endOf(text, ".", at);
    if (!isByte(apply(slice, text, [at, end]))) return false;
    numbers++;
    at = end + 1;
  }
  return numbers === 4;
}

function isByte(text: string): boolean {
  if (text === "" || text.length > 3 || (text[0] === "0" && text !== "0")) return false;
  for (let i = 0; i < text.length; i++) if (!(text[i]! >= "0" && text[i]! <= "9")) return false;
  return parseNumber(text, 10) < 256;
}
