/** Random bytes of a token: what nobody guesses. */
const TOKEN_BYTES = 32;

/** A token is found by this in a file or a log where it does not belong. */
const PREFIX = "kuiper_";

/** Make a token. @returns it, to be shown once, and the hash to be stored. */
export async function newToken(): Promise<{ token: string; hash: string }> {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const token = PREFIX + bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return { token, hash: await hashToken(token) };
}

/** What is stored of a token: `sha256:` and 64 hex digits. It has 256 random bits, so it needs no slow hash. */
export async function hashToken(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return `sha256:${new Uint8Array(digest).toHex()}`;
}

/** The tokens that a server knows, by their hashes. */
export class TokenBook {
  readonly #hashes: readonly (readonly [name: string, hash: string])[];

  /** @param hashes of {@link hashToken}, by name. */
  constructor(hashes: Readonly<Record<string, string>>) {
    this.#hashes = Object.entries(hashes);
  }

  /** Whether there is none: then nobody needs one. */
  get empty(): boolean {
    return this.#hashes.length === 0;
  }

  /**
   * Whose token a header carries: `Authorization: Bearer TOKEN`, or eKuiper's form without the word.
   *
   * - It takes as long for a wrong token as for a right one.
   *
   * @returns the name; undefined when it is nobody's.
   */
  async holderOf(authorization: string | null): Promise<string | undefined> {
    const token = (authorization ?? "").replace(/^Bearer +/i, "").trim();
    const given = await hashToken(token);
    let holder: string | undefined;
    for (const [name, hash] of this.#hashes) if (sameText(hash, given)) holder = name;
    return token === "" ? undefined : holder;
  }
}

/** Compare texts without telling by the time where they differ. */
function sameText(a: string, b: string): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) different |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  return different === 0;
}
