/**
 * Which URLs a module may be fetched from: https, or http on this machine, and of these only allowed origins.
 *
 * @module
 */
import { fail, oneOf } from "../core/mod.ts";

/** Where the modules of a plugin by URL may come from. */
export interface RemotePolicy {
  /** Origins, the entry's own first: `https://host`, `https://host:8443`. */
  readonly origins: readonly string[];
}

/** A URL to fetch, or why it is not fetched. */
export type RemoteUrl =
  | { readonly url: string }
  /** `origin` when only the origin stands against it. */
  | { readonly why: string; readonly origin?: string };

/**
 * The URL of a plugin's entry, as it is kept: without a fragment.
 *
 * @throws a `module` error that says what is wrong with it.
 */
export function entryUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) {
    throw fail("module", `"${text}" is not a URL: write it as https://host/path.ts`);
  }
  const why = formProblem(url);
  if (why !== undefined) throw fail("module", `Cannot fetch "${withoutSecrets(url)}": ${why}`);
  url.hash = "";
  return url;
}

/** Where `specifier`, a relative or a whole URL, leads from the module at the URL `from`. */
export function remoteUrl(
  specifier: string,
  options: { from: string; policy: RemotePolicy },
): RemoteUrl {
  const url = URL.parse(specifier, options.from);
  if (url === null) return { why: "it is not a URL" };
  url.hash = "";
  const why = formProblem(url);
  if (why !== undefined) return { why };
  if (options.policy.origins.includes(url.origin)) return { url: url.href };
  return { why: originRefusal([url.origin]), origin: url.origin };
}

/** Why modules of these origins are not loaded, and what would let them. */
export function originRefusal(origins: readonly string[]): string {
  const what = origins.length === 1 ? "its origin is" : "these origins are";
  return `${what} not allowed: add ${oneOf(origins, "and")} to plugins.allowImport in ` +
    "etc/kuiper.yaml if you trust what lies there";
}

/** The plugin's own origin and those that the operator allowed, without repetition. */
export function originsOf(entry: string, allowImport: readonly string[]): string[] {
  const allowed = allowImport.map((text) => URL.parse(text)?.origin ?? text);
  return [...new Set([new URL(entry).origin, ...allowed])];
}

/** Whether a host is this machine, whatever the network says. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

function formProblem(url: URL): string | undefined {
  const { protocol, hostname, username, password, pathname } = url;
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    return protocol === "http:"
      ? "http: can be changed by anybody on the way; use https:"
      : `${protocol} is never loaded; use https:`;
  }
  if (username !== "" || password !== "") {
    return "it holds a user or password; put a token under plugins.tokens in etc/kuiper.yaml";
  }
  if (/\.json$/i.test(pathname)) {
    return "JSON is not imported; put the data into a .ts or .js file that exports it";
  }
  const extension = /\.(?:[cm]?[jt]sx?|wasm|css)$/i.exec(pathname)?.[0];
  if (extension !== undefined && !/^\.m?[jt]s$/.test(extension)) {
    return `"${extension}" is not a kind of module that is loaded; use .ts, .mts, .js or .mjs`;
  }
  return undefined;
}

/** A URL as it may be shown. */
export function withoutSecrets(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href;
}
