/**
 * A program of the operator's choice around the process of a plugin, such as bubblewrap: a sandbox of the operating
 * system beside that of the runtime.
 *
 * @module
 */
import { isAbsolute, join } from "@std/path";
import { fail } from "../core/mod.ts";
import type { Grant } from "./permissions.ts";
import type { Launch } from "./process_launch.ts";

/** The kinds of permission that a wrapper may be told of. */
export const WRAPPED_KINDS = ["net", "read", "write"] as const;

/**
 * An argument in which `${executable}` stands for this program's own path, or arguments for a kind of permission:
 * those of `net` are given once where something of it is granted, those of `read` and `write` for each granted path,
 * which `${path}` stands for (`/` where all of the kind is granted).
 */
export type WrapperItem =
  | string
  | { readonly [kind in (typeof WRAPPED_KINDS)[number]]?: readonly string[] };

/** The program, then its arguments. What it is to run is added behind them. */
export type ProcessWrapper = readonly WrapperItem[];

/**
 * `launch` inside of `wrapper`, with the same environment.
 *
 * @param options.type the source, which sentences name.
 * @param options.find finds the program. @default {where this program may start it, along its PATH}
 * @throws KuiperError `denied` when this program may not start the wrapper, `config` when there is none of its name.
 */
export function wrapLaunch(
  launch: Launch,
  { wrapper, grant, type, find = findProgram }: {
    wrapper: ProcessWrapper;
    grant: Grant;
    type: string;
    find?: (program: string, type: string) => string;
  },
): Launch {
  const [program, ...items] = wrapper;
  if (typeof program !== "string") throw new TypeError("The wrapper begins with no program");
  const executable = launch.command;
  const args = items.flatMap((item) => expand(item, grant))
    .map((arg) => arg.replaceAll("${executable}", () => executable));
  return {
    command: find(program, type),
    args: [...args, executable, ...launch.args],
    env: launch.env,
    wraps: executable,
  };
}

function expand(item: WrapperItem, grant: Grant): string[] {
  if (typeof item === "string") return [item];
  return WRAPPED_KINDS.flatMap((kind) => {
    const args = item[kind] ?? [];
    const granted = grant[kind];
    if (granted === undefined || granted !== true && granted.length === 0) return [];
    if (kind === "net") return args;
    const paths = granted === true ? ["/"] : granted;
    return paths.flatMap((path) => args.map((arg) => arg.replaceAll("${path}", () => path)));
  });
}

/** Where this program may start `program` from. */
function findProgram(program: string, type: string): string {
  const isPath = isAbsolute(program);
  const places = isPath ? [program] : searchPath().map((folder) => join(folder, program));
  const there = places.filter((place) => exists(place) !== false);
  const found = there.find((command) =>
    Deno.permissions.querySync({ name: "run", command }).state === "granted"
  );
  if (found !== undefined) return found;
  const first = there.find((place) => exists(place) === true);
  const says = `Cannot run source "${type}" in a process: plugins.processWrapper in ` +
    `etc/kuiper.yaml starts "${program}"`;
  if (first === undefined && places.every((place) => exists(place) === false)) {
    const where = isPath ? "which does not exist" : "which is nowhere on the PATH";
    throw fail("config", `${says}, ${where}; install it, or name it by its whole path`);
  }
  throw fail(
    "denied",
    `${says}, which this program may not start; build it with run permission for it ` +
      `(deno task compile --run=${first ?? program}), or remove plugins.processWrapper`,
  );
}

function searchPath(): string[] {
  try {
    return (Deno.env.get("PATH") ?? "").split(":").filter(isAbsolute);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return [];
    throw error;
  }
}

/** Whether there is such a file; undefined where this program may not look. */
function exists(path: string): boolean | undefined {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    return false;
  }
}
