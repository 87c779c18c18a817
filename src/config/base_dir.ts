import { join, relative, resolve } from "@std/path";

/** The base directory and what lies in it, as absolute paths. */
export interface BasePaths {
  readonly base: string;
  /** YAML files. */
  readonly etc: string;
  /** Source modules: `plugins/sources/<Name>.ts`. */
  readonly plugins: string;
  /** What a running Kuiper writes. */
  readonly data: string;
  /** The pinned hashes of modules. */
  readonly lock: string;
  /** The directory that shown paths are relative to. */
  readonly cwd: string;
}

/** What decides about the base directory. */
export interface BaseOptions {
  /** The value of `--base`. It wins over the environment. */
  readonly base?: string;
  /** The environment; `KUIPER_BASE` is read from it. An empty value counts as none. */
  readonly env: Readonly<Record<string, string>>;
  /** @default {Deno.cwd()} */
  readonly cwd?: string;
}

/** The base directory: `--base`, else `KUIPER_BASE`, else the current directory. */
export function resolveBase(options: BaseOptions): BasePaths {
  const cwd = options.cwd ?? Deno.cwd();
  const chosen = [options.base, options.env["KUIPER_BASE"]].find((dir) => dir);
  const base = resolve(cwd, chosen ?? ".");
  return {
    base,
    etc: join(base, "etc"),
    plugins: join(base, "plugins"),
    data: join(base, "data"),
    lock: join(base, "kuiper.lock"),
    cwd,
  };
}

/** `path` for people: relative to the current directory when it lies in it, else as it is. */
export function showPath(paths: BasePaths, path: string): string {
  const short = relative(paths.cwd, path);
  return short === "" || short.startsWith("..") ? path : short;
}
