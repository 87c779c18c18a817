/**
 * Signatures of plugins by URL: Ed25519 over the names and hashes of all modules. A signature lies beside the entry,
 * at its URL with `.sig` behind the path, and is a line of text:
 *
 * ```text
 * kuiper-signature-1 <public key, base64> <signature, base64>
 * ```
 *
 * @module
 */
import { fail } from "../core/mod.ts";
import type { LockedModule, LockedPlugin } from "./lock_file.ts";

/** A signature as it lies in `kuiper.lock`. */
export interface Signature {
  /** The public key that it is by: 32 bytes in base64. */
  readonly key: string;
  /** 64 bytes in base64. */
  readonly value: string;
}

/** Whose signatures are trusted, and whether there must be one. */
export interface Trust {
  /** Public keys by name: 32 bytes in base64. */
  readonly keys: Readonly<Record<string, string>>;
  /** Whether a plugin by URL without a signature by one of them is refused. */
  readonly required: boolean;
}

/** Nobody is trusted, and nothing has to be signed. */
export const NO_TRUST: Trust = { keys: {}, required: false };

/** How a plugin is signed. */
export type Signed =
  | { readonly kind: "unsigned" }
  /** Well signed, by a key that is not trusted. */
  | { readonly kind: "unknown"; readonly key: string }
  | { readonly kind: "trusted"; readonly name: string };

/** The name of a trusted signer, as a field of what is told of a plugin. */
export function signerOf(signed: Signed): { signer?: string } {
  return signed.kind === "trusted" ? { signer: signed.name } : {};
}

/** What a file of a signature begins with; also the first line of what is signed. */
const MARK = "kuiper-signature-1";
const LINE = new RegExp(`^${MARK} ([A-Za-z0-9+/]{43}=) ([A-Za-z0-9+/]{86}==)\\r?\\n?$`);
/** Most bytes of a file of a signature. */
export const MAX_SIGNATURE_BYTES = 1024;

/** Where the signature of the entry at `url` lies. */
export function signatureUrl(url: string): string {
  const beside = new URL(url);
  beside.pathname += ".sig";
  return beside.href;
}

/** Read the text of a `.sig` file; undefined when it is none. */
export function parseSignature(text: string): Signature | undefined {
  const match = LINE.exec(text);
  return match === null ? undefined : { key: match[1]!, value: match[2]! };
}

/** The text of a `.sig` file. */
export function printSignature({ key, value }: Signature): string {
  return `${MARK} ${key} ${value}\n`;
}

/** Whether `signature` is one as the lock may hold it. */
export function isSignature(signature: unknown): signature is Signature {
  const { key, value } = signature as Record<keyof Signature, unknown>;
  return typeof key === "string" && typeof value === "string" &&
    parseSignature(printSignature({ key, value })) !== undefined;
}

/**
 * What is signed of a plugin: a line for each module, sorted, with its language, hash, size, and where it lies from the
 * entry's folder. A module of another origin is named by its whole URL. So it may be moved as a whole, and nothing else.
 */
export function signedText(plugin: Omit<LockedPlugin, "signature">): string {
  const { url, modules, redirects } = plugin;
  const entry = Object.hasOwn(redirects, url) ? redirects[url]! : url;
  const askedFor = new Map<string, string>();
  for (const [from, to] of Object.entries(redirects).sort().reverse()) askedFor.set(to, from);
  const lines = Object.entries(modules).map(([module, { sha256, bytes, type }]) => {
    const name = module === entry ? "." : relativeUrl(askedFor.get(module) ?? module, entry);
    return `${type} ${sha256} ${bytes} ${name}\n`;
  });
  return `${MARK}\n${lines.sort().join("")}`;
}

/** `url` as a path from the folder of `entry`: `./lib/a.ts`, `./../a.ts`; as it is when it is of another origin. */
function relativeUrl(url: string, entry: string): string {
  const [to, from] = [new URL(url), new URL(entry)];
  if (to.protocol !== from.protocol || to.host !== from.host) return to.href;
  const target = to.pathname.split("/");
  const folder = from.pathname.split("/").slice(0, -1);
  let same = 0;
  while (same < folder.length && same < target.length - 1 && folder[same] === target[same]) same++;
  const up = Array.from({ length: folder.length - same }, () => "..");
  return [".", ...up, ...target.slice(same)].join("/") + to.search;
}

/**
 * Check the signature of a plugin against the modules that are pinned, and who signed it.
 *
 * @param options.name the plugin, which sentences name.
 * @throws KuiperError `denied` when the signature is wrong, or trust in the signer is required and there is none.
 */
export async function checkSignature(
  plugin: LockedPlugin,
  { name, trust }: { name: string; trust: Trust },
): Promise<Signed> {
  const { signature } = plugin;
  const signed: Signed = signature === undefined
    ? { kind: "unsigned" }
    : await checkSigned(plugin, { signature, name, trust });
  if (!trust.required || signed.kind === "trusted") return signed;
  const what = signed.kind === "unsigned"
    ? "it is not signed"
    : `it is signed by a key that is not trusted (${signed.key})`;
  throw fail(
    "denied",
    `Plugin "${name}" does not run: ${what}, and plugins.requireSignature in etc/kuiper.yaml asks ` +
      "for a signature by one of plugins.trustedKeys",
  );
}

async function checkSigned(
  plugin: LockedPlugin,
  { signature: { key, value }, name, trust }: { signature: Signature; name: string; trust: Trust },
): Promise<Signed> {
  const signer = Object.entries(trust.keys).find(([, trusted]) => trusted === key)?.[0];
  if (!await verify(signedText(plugin), { key, value })) {
    throw fail(
      "denied",
      `Plugin "${name}" does not run: its signature by ${
        signer === undefined ? `the key ${key}` : `"${signer}"`
      } is not of this code; ask its author, and do not use it meanwhile`,
    );
  }
  return signer === undefined ? { kind: "unknown", key } : { kind: "trusted", name: signer };
}

async function verify(text: string, { key, value }: Signature): Promise<boolean> {
  try {
    const usages: KeyUsage[] = ["verify"];
    const imported = await crypto.subtle.importKey("raw", bytesOf(key), "Ed25519", false, usages);
    const signed = new TextEncoder().encode(text);
    return await crypto.subtle.verify("Ed25519", imported, bytesOf(value), signed);
  } catch {
    // Bytes that are no point of the curve.
    return false;
  }
}

/**
 * Sign what {@link signedText} says of a plugin.
 *
 * @param pem the private key, as `openssl genpkey -algorithm ed25519` writes it.
 * @throws KuiperError `config` when that is no such key.
 */
export async function sign(
  plugin: Omit<LockedPlugin, "signature">,
  pem: string,
): Promise<Signature> {
  const match = /^\s*-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/
    .exec(pem);
  let secret: CryptoKey;
  let key: string;
  try {
    if (match === null) throw new TypeError("no PEM");
    const der = bytesOf(match[1]!.replace(/\s/g, ""));
    secret = await crypto.subtle.importKey("pkcs8", der, "Ed25519", true, ["sign"]);
    const { x = "" } = await crypto.subtle.exportKey("jwk", secret);
    key = base64(bytesOf(`${x.replaceAll("-", "+").replaceAll("_", "/")}=`));
  } catch (error) {
    throw fail(
      "config",
      "The key is no Ed25519 private key in PEM form, make one with " +
        '"openssl genpkey -algorithm ed25519 -out key.pem"',
      // What was wrong with it may show some of it.
      error instanceof TypeError ? undefined : new Error("not accepted"),
    );
  }
  const text = new TextEncoder().encode(signedText(plugin));
  return { key, value: base64(new Uint8Array(await crypto.subtle.sign("Ed25519", secret, text))) };
}

/** The modules of a plugin from files, as they will be pinned where they are uploaded to. */
export function lockedOfFiles(
  modules: readonly {
    readonly url: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly isTypeScript: boolean;
  }[],
): LockedPlugin {
  const locked = modules.map(({ url, bytes, sha256, isTypeScript }): [string, LockedModule] => [
    url,
    { sha256, bytes, type: isTypeScript ? "typescript" : "javascript" },
  ]);
  return { url: modules[0]!.url, modules: Object.fromEntries(locked), redirects: {} };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
