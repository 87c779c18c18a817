/**
 * Where the text of modules comes from. Files are read here; another origin is another reader.
 *
 * @module
 */
import { dirname, fromFileUrl, toFileUrl } from "@std/path";

/** What was found at a URL. */
export interface ModuleBytes {
  /** The module as it is stored. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it really lies: links followed. */
  readonly realUrl: string;
  /** Its own URL, to which the one that was asked for led. @default {the one that was asked for} */
  readonly url?: string;
  /** Of `bytes`, in hex, when that was found out already. */
  readonly sha256?: string;
  /** @default {what the name says} */
  readonly isTypeScript?: boolean;
}

/** Reads modules by URL. */
export interface ModuleReader {
  /**
   * The module at `url`.
   *
   * @throws Deno.errors.NotFound when there is none.
   */
  read(url: string): Promise<ModuleBytes>;
  /** The real URL of the folder `url`, which ends in a slash. */
  realFolder(url: string): Promise<string>;
  /** Names in the same folder as `url`, for suggestions; empty when they cannot be had. */
  siblings(url: string): Promise<string[]>;
  /** Says that `url` will be read. */
  prefetch?(url: string): void;
}

/** Reads files. */
export const fileReader: ModuleReader = {
  async read(url) {
    const path = await Deno.realPath(fromFileUrl(url));
    return { bytes: await Deno.readFile(path), realUrl: toFileUrl(path).href };
  },
  async realFolder(url) {
    return folderUrl(await Deno.realPath(fromFileUrl(url)));
  },
  async siblings(url) {
    const names: string[] = [];
    try {
      for await (const entry of Deno.readDir(dirname(fromFileUrl(url)))) names.push(entry.name);
    } catch {
      // No folder, or none that may be read: there is nothing to suggest.
    }
    return names.sort();
  },
};

/** The URL of a folder, with the slash that makes relative names resolve inside. */
export function folderUrl(path: string): string {
  const { href } = toFileUrl(path);
  return href.endsWith("/") ? href : `${href}/`;
}
