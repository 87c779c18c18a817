/**
 * The command line: one file a command, loaded when it is used. Imports `core`, `config`, `sql` and `app`.
 *
 * @example
 * ```ts
 * import { main } from "./mod.ts";
 * const code = await main(["version"]); // prints the version, gives 0
 * ```
 *
 * @module
 */
export type { Io, StopSignal } from "./io.ts";
export { denoIo } from "./io.ts";
export { main } from "./main.ts";
