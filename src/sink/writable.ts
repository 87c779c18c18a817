import { fail } from "../core/mod.ts";

/**
 * @param what has the path, for the error.
 * @throws KuiperError `denied` for a path that this executable may not write.
 */
export function mustBeWritable(path: string, what: string): void {
  if (Deno.permissions.querySync({ name: "write", path }).state !== "granted") {
    throw fail("denied", `${what}: ${notWritable(path)}`);
  }
}

/** The sentence for a path that this executable may not write. */
export function notWritable(path: string): string {
  return `This executable may not write ${path}: it was made without that permission, make one with ` +
    `"deno task compile --write=./data,./plugins,./etc,./kuiper.lock,${path}", or write below data/`;
}
