/**
 * `kuiper.lock`: which modules a plugin by URL consists of, each by the hash of what it says, and the same of plugins
 * from files that were pinned. One line a module, sorted, so that a difference of two versions shows what changed.
 *
 * @module
 */
import { fail, messageOf, typeName } from "../core/mod.ts";
import type { PluginRole } from "./protocol.ts";
import { sha256 } from "./sha256.ts";
import { isSignature, type Signature } from "./signature.ts";

/** The version of the format that is written. */
export const LOCK_VERSION = 1;

/** A pinned module. */
export interface LockedModule {
  /** SHA-256 in hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** The server may say it in a header only, so it is pinned too. */
  readonly type: "javascript" | "typescript";
}

/** A pinned plugin. */
export interface LockedPlugin {
  /** What the operator added. */
  readonly url: string;
  /** By URL. */
  readonly modules: Readonly<Record<string, LockedModule>>;
  /** From URLs that are imported to where they led. */
  readonly redirects: Readonly<Record<string, string>>;
  /** By its author; no part of its hash. */
  readonly signature?: Signature;
}

/** The files of a pinned plugin, by their path in the folder of its kind: SHA-256 in hex, and bytes. */
export type LockedFiles = Readonly<Record<string, Pick<LockedModule, "sha256" | "bytes">>>;

/** Everything that is pinned. */
export interface Lockfile {
  readonly version: typeof LOCK_VERSION;
  /** By the name under which it was added: its TYPE. */
  readonly plugins: Readonly<Record<string, LockedPlugin>>;
  /** By {@link fileKey}; absent when no file is pinned. */
  readonly files?: Readonly<Record<string, LockedFiles>>;
}

/** A lock of nothing. */
export const EMPTY_LOCK: Lockfile = { version: LOCK_VERSION, plugins: {} };

/** What is pinned for a name. */
export function lockedPlugin(lock: Lockfile, name: string): LockedPlugin | undefined {
  return Object.hasOwn(lock.plugins, name) ? lock.plugins[name] : undefined;
}

/** `lock` with `name` pinned to `plugin`, or without it. */
export function withPlugin(
  lock: Lockfile,
  { name, plugin }: { name: string; plugin: LockedPlugin | undefined },
): Lockfile {
  const others = Object.entries(lock.plugins).filter(([other]) => other !== name);
  const entries = plugin === undefined ? others : [...others, [name, plugin] as const];
  return { ...lock, plugins: Object.fromEntries(entries) };
}

/** The key of a plugin from files in {@link Lockfile.files}: the TYPE of a source, `sinks/…` and `functions/…`. */
export function fileKey(type: string, of: PluginRole): string {
  return of === "source" ? type : `${of}s/${type}`;
}

/** The files that are pinned for a plugin. */
export function lockedFiles(lock: Lockfile, key: string): LockedFiles | undefined {
  return lock.files !== undefined && Object.hasOwn(lock.files, key) ? lock.files[key] : undefined;
}

/** The hashes of all modules of plugins by URL that are pinned. */
export function lockedHashes(lock: Lockfile): Set<string> {
  return new Set(
    Object.values(lock.plugins).flatMap(({ modules }) =>
      Object.values(modules).map(({ sha256 }) => sha256)
    ),
  );
}

/** One hash over all that is pinned of a plugin, in hex: another module, text or redirect, another hash. */
export async function lockedHash(plugin: LockedPlugin): Promise<string> {
  const { signature: _, ...pinned } = plugin;
  return await sha256(new TextEncoder().encode(printPlugin(pinned)));
}

/** The text of a lock: the same for the same content, whatever the order was. */
export function printLock(lock: Lockfile): string {
  const plugins = sorted(lock.plugins)
    .map(([name, plugin]) => `    ${JSON.stringify(name)}: ${printPlugin(plugin)}`);
  const files = sorted(lock.files ?? {})
    .map(([type, modules]) => `    ${JSON.stringify(type)}: ${printFiles(modules)}`);
  const last = files.length === 0 ? "" : `,\n  "files": ${block(files, "  ")}`;
  return `{\n  "version": ${LOCK_VERSION},\n  "plugins": ${block(plugins, "  ")}${last}\n}\n`;
}

function printFiles(modules: LockedFiles): string {
  const lines = sorted(modules).map(([path, { sha256, bytes }]) =>
    `      ${JSON.stringify(path)}: ${spaced({ sha256, bytes })}`
  );
  return block(lines, "    ");
}

function printPlugin({ url, modules, redirects, signature }: LockedPlugin): string {
  const lines = sorted(modules).map(([key, { sha256, bytes, type }]) =>
    `        ${JSON.stringify(key)}: ${spaced({ sha256, bytes, type })}`
  );
  const leads = sorted(redirects).map(([from, to]) =>
    `        ${JSON.stringify(from)}: ${JSON.stringify(to)}`
  );
  const signed = signature === undefined
    ? ""
    : `,\n      "signature": ${spaced({ key: signature.key, value: signature.value })}`;
  return `{\n      "url": ${JSON.stringify(url)},\n      "modules": ${block(lines, "      ")},\n` +
    `      "redirects": ${block(leads, "      ")}${signed}\n    }`;
}

function block(lines: readonly string[], indent: string): string {
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${indent}}`;
}

function spaced(fields: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(fields).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  return `{ ${parts.join(", ")} }`;
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1);
}

/**
 * Read a lock's text.
 *
 * @param path names it in errors.
 * @throws KuiperError `config` when it is broken or was written by a newer program.
 */
export function parseLock(text: string, path: string): Lockfile {
  const broken = (what: string, cause?: unknown) =>
    fail(
      "config",
      `Cannot use ${path}: ${what}; restore the file, or remove it and add its plugins again`,
      cause,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const isMerge = /^(?:<{7}|={7}|>{7})/m.test(text);
    const what = isMerge ? "it holds the marks of an unfinished merge" : messageOf(error);
    throw broken(what, error);
  }
  const version = isRecord(value) ? value.version : undefined;
  if (typeof version === "number" && version > LOCK_VERSION) {
    throw fail(
      "config",
      `Cannot use ${path}: it is of version ${version}, and this program knows version ` +
        `${LOCK_VERSION}; use the program that wrote it, or a newer one`,
    );
  }
  const expect = (holds: boolean, place: string, found: unknown, expected: string) => {
    if (!holds) throw broken(`${place} is ${shown(found)}, expected ${expected}`);
  };
  expect(version === LOCK_VERSION, '"version"', version, String(LOCK_VERSION));
  const { plugins, files = {} } = value as { plugins: unknown; files?: unknown };
  expect(isRecord(plugins), '"plugins"', plugins, "an object");
  const hashed = (module: unknown, place: string) => {
    if (!isRecord(module)) throw broken(`${place} is ${shown(module)}, expected an object`);
    const { sha256, bytes } = module;
    const isHash = typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);
    expect(isHash, `${place}.sha256`, sha256, "64 hex digits");
    expect(Number.isSafeInteger(bytes) && Number(bytes) >= 0, `${place}.bytes`, bytes, "a size");
    return module;
  };
  if (!isRecord(files)) throw broken(`"files" is ${shown(files)}, expected an object`);
  for (const [type, modules] of Object.entries(files)) {
    if (!isRecord(modules)) {
      throw broken(`files.${type} is ${shown(modules)}, expected an object`);
    }
    for (const [path, module] of Object.entries(modules)) {
      hashed(module, `files.${type}["${path}"]`);
    }
  }
  for (const [name, plugin] of Object.entries(plugins as Record<string, unknown>)) {
    const at = `plugins.${name}`;
    if (!isRecord(plugin)) throw broken(`${at} is ${shown(plugin)}, expected an object`);
    const { url, modules, redirects, signature } = plugin;
    expect(
      signature === undefined || isRecord(signature) && isSignature(signature),
      `${at}.signature`,
      signature,
      "a key and a signature in base64",
    );
    expect(typeof url === "string" && URL.canParse(url), `${at}.url`, url, "a URL");
    if (!isRecord(modules)) throw broken(`${at}.modules is ${shown(modules)}, expected an object`);
    if (!isRecord(redirects)) {
      throw broken(`${at}.redirects is ${shown(redirects)}, expected an object`);
    }
    for (const [key, module] of Object.entries(modules)) {
      const place = `${at}.modules["${key}"]`;
      expect(URL.canParse(key), place, key, "a URL");
      const { type } = hashed(module, place);
      const isType = type === "javascript" || type === "typescript";
      expect(isType, `${place}.type`, type, '"javascript" or "typescript"');
    }
    for (const [from, to] of Object.entries(redirects)) {
      const isModule = typeof to === "string" && Object.hasOwn(modules, to);
      expect(isModule, `${at}.redirects["${from}"]`, to, "one of its modules");
    }
    const entry = String(Object.hasOwn(redirects, String(url)) ? redirects[String(url)] : url);
    expect(Object.hasOwn(modules, entry), `${at}.url`, url, "one of its modules");
  }
  return value as Lockfile;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number"
    ? JSON.stringify(value)
    : typeName(value);
}
