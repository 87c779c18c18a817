/**
 * What a plugin may import: files of its own folder or modules of its allowed origins, `"kuiper"`, and node modules
 * that hold no handle to the machine.
 *
 * @module
 */
import { nearest, oneOf } from "../core/mod.ts";
import { type RemotePolicy, remoteUrl } from "./remote_url.ts";

/** The contract's specifier. */
export const CONTRACT_SPECIFIER = "kuiper";

/** Where a specifier leads: to a module that is read, to one that the isolate has, or nowhere and why. */
export type Resolution =
  | { readonly kind: "file"; readonly url: string }
  | { readonly kind: "native"; readonly specifier: string }
  /** To a name without an extension, which is no module's; `url` is for suggestions. */
  | { readonly kind: "extensionless"; readonly url: string }
  /** `origin` when the operator could allow it. */
  | { readonly kind: "refused"; readonly why: string; readonly origin?: string };

/** What decides about an import. */
export interface ImportPolicy {
  /** The plugin's folder as a URL that ends in a slash; empty when `remote` decides instead. */
  readonly root: string;
  /** For a plugin by URL. */
  readonly remote?: RemotePolicy;
  /** With their `node:`. */
  readonly allowedNodeModules: readonly string[];
}

const BUNDLE = "bundle it into the plugin's file, for example with esbuild --bundle --format=esm";

/** Resolve `specifier` as written in the module `from`. */
export function resolveImport(
  specifier: string,
  options: { from: string; policy: ImportPolicy },
): Resolution {
  const { policy } = options;
  if (specifier === CONTRACT_SPECIFIER) return { kind: "native", specifier };
  if (specifier.startsWith("node:")) {
    if (policy.allowedNodeModules.includes(specifier)) return { kind: "native", specifier };
    return refused(nodeRefusal(specifier, policy.allowedNodeModules));
  }
  const { remote } = policy;
  const isRelative = /^\.\.?\//.test(specifier);
  if (remote !== undefined && (isRelative || /^(?:\/|https?:)/i.test(specifier))) {
    const found = remoteUrl(specifier, { from: options.from, policy: remote });
    return "url" in found ? { kind: "file", url: found.url } : { kind: "refused", ...found };
  }
  if (isRelative) return relativeFile(specifier, options);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(specifier)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return refused(bareRefusal(specifier, policy.allowedNodeModules));
    case "npm":
    case "jsr":
      return refused(`packages are not loaded at run time; ${BUNDLE}`);
    case "https":
      return refused(
        "a plugin from a file imports no URL; copy the module into the plugin's folder, or put the whole plugin " +
          'at a URL and add it with "kuiper plugin add"',
      );
    default:
      return refused(
        `${scheme}: is never loaded; a plugin imports relative files of its own folder`,
      );
  }
}

function refused(why: string): Resolution {
  return { kind: "refused", why };
}

function relativeFile(
  specifier: string,
  { from, policy }: { from: string; policy: ImportPolicy },
): Resolution {
  if (/[?#\0]|%(?:2f|5c|00)/i.test(specifier)) {
    return refused('a file is named without "?", "#" and escaped slashes');
  }
  const { href } = new URL(specifier, from);
  if (!href.startsWith(policy.root)) {
    return refused("it lies outside the plugin's folder; copy the file into it");
  }
  const name = nameIn(href);
  if (name === undefined) return refused("its escapes stand for no text in UTF-8");
  if (/\.json$/i.test(name)) {
    return refused("JSON is not imported; put the data into a .ts or .js file that exports it");
  }
  // What is no module is not run as one: what the language says of it would tell of what stands there.
  const extension = /\.[^.]*$/.exec(name)?.[0];
  if (extension === undefined) return { kind: "extensionless", url: href };
  if (!/^\.m?[jt]s$/.test(extension)) {
    return refused(
      `"${extension}" is not a kind of module that is loaded; use .ts, .mts, .js or .mjs`,
    );
  }
  return { kind: "file", url: href };
}

/** The last part of a URL, as the file is called. */
function nameIn(href: string): string | undefined {
  try {
    return decodeURIComponent(href.slice(href.lastIndexOf("/") + 1));
  } catch {
    return undefined;
  }
}

function nodeRefusal(specifier: string, allowed: readonly string[]): string {
  const close = nearest(specifier, allowed, 1)[0];
  if (close !== undefined && allowed.includes(close) && specifier.length > 8) {
    return `it is not on the list of node modules for plugins; did you mean "${close}"?`;
  }
  return "it is not on the list of node modules for plugins; use the web's or Deno's own functions, " +
    "which the plugin's permissions govern";
}

function bareRefusal(specifier: string, allowed: readonly string[]): string {
  if (specifier.startsWith("/")) {
    return "an absolute path is never loaded; a plugin imports relative files of its own folder";
  }
  if (allowed.includes(`node:${specifier}`)) return `write "node:${specifier}"`;
  const close = nearest(specifier, [CONTRACT_SPECIFIER], 1);
  if (close.length > 0) return `did you mean ${oneOf(close)}?`;
  if (/\.[cm]?[jt]s$/.test(specifier)) return `write "./${specifier}" for a file of the folder`;
  return `packages are not loaded at run time; ${BUNDLE}`;
}
