/** A key whose value nobody should read: `password`, `token`, `privateKeyRaw` and the like. */
const SECRET_KEY =
  /(password|passwd|pwd|passphrase|secret|token|credentials?|authorization|cookie|signature|(api|access|auth|private|signing|shared|functions|subscription)[_-]?key)(raw)?$/i;

/**
 * User and password in a URL. No more of a scheme is looked at than schemes have: each line that a plugin writes is
 * looked at, and in a long word every letter could begin one.
 */
const USER_INFO = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#@"']+@/gi;

/** What stands before a credential in the header Authorization: who tells of the header may leave it out. */
const SCHEME = /^(?:basic|bearer|digest|token) +(?=\S)/i;

/** A shorter beginning of one may be a word of its own. */
const SHORTEST_BEGINNING = 6;

/** How the texts end that are cut, and at how many characters that is seen. */
const CUT = /(?:…(?: \(cut\))?)?"?$/;
const CUT_LENGTH = 8;

/** A shorter value is hidden only where its key is known: it would blacken every line of the log. */
const SHORTEST = 3;

const MASK = "***";

/** Whether a key of this name holds a secret. */
export function isSecretKey(name: string): boolean {
  return SECRET_KEY.test(name);
}

/**
 * The values that must not be printed: what `${env:NAME}` and `passwordFile` gave, and the values of keys such as
 * `password`.
 *
 * - `mask` hides every value of at least three characters, also URL-encoded and as JSON writes it, whoever wrote that; and
 *   at the end of a text the first half of one, or more, of six characters at least: it was cut there.
 */
export class Secrets {
  readonly #values = new Set<string>();
  #ordered: string[] = [];

  /** Hide `value` from now on; of a header such as `Bearer abc` also what stands behind the scheme. */
  add(value: string): void {
    if (value.length < SHORTEST || this.#values.has(value)) return;
    if (SCHEME.test(value)) this.add(value.replace(SCHEME, ""));
    for (const form of formsOf(value)) this.#values.add(form);
    // The longest first: a secret may hold another one.
    this.#ordered = [...this.#values].sort((a, b) => b.length - a.length);
  }

  /** Hide the texts under keys such as `password`, at any depth. */
  addKeysOf(value: unknown, isSecret = false): void {
    if (typeof value === "string") {
      if (isSecret) this.add(value);
    } else if (Array.isArray(value)) {
      for (const item of value) this.addKeysOf(item, isSecret);
    } else if (value !== null && typeof value === "object") {
      for (const [key, inner] of Object.entries(value)) {
        this.addKeysOf(inner, isSecret || isSecretKey(key));
      }
    }
  }

  /** `text` with `***` in place of every secret and of user and password in URLs. */
  mask(text: string): string {
    let masked = text.includes("://") ? text.replace(USER_INFO, `$1${MASK}@`) : text;
    for (const value of this.#ordered) {
      masked = withoutBeginning(masked.replaceAll(value, MASK), value);
    }
    return masked;
  }

  /** A copy of properties that may be shown: secrets by value and by the name of their key are `***`. */
  maskProps<T>(props: T): T {
    return this.#maskValue(props) as T;
  }

  #maskValue(value: unknown): unknown {
    if (typeof value === "string") return this.mask(value);
    if (Array.isArray(value)) return value.map((item) => this.#maskValue(item));
    if (value === null || typeof value !== "object") return value;
    if (value instanceof Uint8Array || value instanceof Date) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const hidden = isSecretKey(key) && inner !== null && inner !== undefined && inner !== "";
        return [key, hidden ? MASK : this.#maskValue(inner)];
      }),
    );
  }
}

/** A value as it may be written: as it is, in a URL, in JSON. */
function formsOf(value: string): string[] {
  const inUrl = encodeURIComponent(value.toWellFormed());
  const inJson = JSON.stringify(value).slice(1, -1);
  const inAscii = inJson.replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [
    value,
    inUrl,
    inUrl.replaceAll(/%[\dA-F]{2}/g, (escape) => escape.toLowerCase()),
    inUrl.replaceAll("%20", "+"),
    ...[inJson, inAscii].flatMap((text) => [text, text.replaceAll("/", "\\/")]),
  ];
}

/** A text without the beginning of a secret at its end. */
function withoutBeginning(text: string, secret: string): string {
  const end = CUT.exec(text.slice(-CUT_LENGTH));
  const at = text.length - (end?.[0].length ?? 0);
  const least = Math.max(SHORTEST_BEGINNING, Math.ceil(secret.length / 2));
  for (let length = Math.min(secret.length - 1, at); length >= least; length--) {
    if (text[at - 1] !== secret[length - 1]) continue;
    if (text.endsWith(secret.slice(0, length), at)) {
      return text.slice(0, at - length) + MASK + text.slice(at);
    }
  }
  return text;
}
