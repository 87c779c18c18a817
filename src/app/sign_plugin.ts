import { resolve } from "@std/path";
import { fail, messageOf } from "../core/mod.ts";
import { signFile } from "../loader/mod.ts";

/** What to sign, and with what. */
export interface SignOptions {
  /** The entry of a plugin, or a folder whose source files are each one. */
  readonly target: string;
  /** Path of the private key in PEM form. */
  readonly key: string;
}

/** A signature to be laid beside its entry. */
export interface SignedFile {
  /** Path of the entry. */
  readonly file: string;
  /** What belongs into `file` with `.sig` behind it. */
  readonly text: string;
  readonly modules: number;
}

const SOURCE = /^(?!.*\.d\.m?ts$)[^._].*\.m?[jt]s$/;

/**
 * Sign plugins that lie in files, with everything that they import.
 *
 * @throws KuiperError `not_found` for what is not there, `module` for what cannot be linked, `config` for a key that is
 * none.
 */
export async function signPlugins({ target, key }: SignOptions): Promise<SignedFile[]> {
  const pem = await read(key, (path) => Deno.readTextFile(path));
  const { isDirectory } = await read(target, (path) => Deno.stat(path));
  const files: string[] = [];
  if (!isDirectory && !/\.m?[jt]s$/.test(target)) {
    throw fail("module", `"${target}" is no source file, expected .ts or .js`);
  }
  if (!isDirectory) files.push(resolve(target));
  else {
    for await (const { name, isFile } of Deno.readDir(target)) {
      if (isFile && SOURCE.test(name)) files.push(resolve(target, name));
    }
    if (files.length === 0) {
      throw fail("not_found", `"${target}" holds no source files, expected .ts or .js`);
    }
  }
  const signed: SignedFile[] = [];
  for (const file of files.sort()) {
    signed.push({ file, ...await signFile({ path: file, key: pem }) });
  }
  return signed;
}

async function read<T>(path: string, how: (path: string) => Promise<T>): Promise<T> {
  try {
    return await how(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw fail("not_found", `"${path}" does not exist`, error);
    }
    throw fail("io", `Cannot read "${path}": ${messageOf(error)}`, error);
  }
}
