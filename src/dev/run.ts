import { fail } from "../core/mod.ts";

/** Options of {@link run}. */
export interface RunOptions {
  /** Working directory. @default the current one */
  cwd?: string;
  /** Added to the environment. @default {{}} */
  env?: Record<string, string>;
  /** Whether stdout is thrown away; stderr is always shown. @default {false} */
  quiet?: boolean;
}

/**
 * Run a command to its end.
 *
 * @throws KuiperError `io` when it cannot be started or does not end with 0.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const { cwd, env = {}, quiet = false } = options;
  const shown = [command.split("/").at(-1), args[0]].join(" ");
  let status: Deno.CommandStatus;
  try {
    status = await new Deno.Command(command, {
      args: [...args],
      ...(cwd === undefined ? {} : { cwd }),
      env,
      stdin: "null",
      stdout: quiet ? "null" : "inherit",
      stderr: "inherit",
    }).spawn().status;
  } catch (error) {
    throw fail("io", `Cannot run "${shown}": ${command} does not start here`, error);
  }
  if (!status.success) throw fail("io", `"${shown}" ended with exit code ${status.code}`);
}
