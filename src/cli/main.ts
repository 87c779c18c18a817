import { fail, messageOf } from "../core/mod.ts";
import type { Command } from "./command.ts";
import { findCommand } from "./commands.ts";
import { parseFlags } from "./flags.ts";
import { denoIo, type Io } from "./io.ts";
import { exitCodeOf, reportError } from "./report_error.ts";
import { styleFor } from "./style.ts";
import { OutputClosed, Terminal } from "./terminal.ts";

/** Flags that may stand before the command, and whether a value follows. */
const LEADING: Readonly<Record<string, boolean>> = {
  "--base": true,
  "--log-level": true,
  "--stack": false,
};

/**
 * Run one command line.
 *
 * @param args what stands behind the program's name.
 * @returns the exit code; never rejects. When it resolves while something still runs (a crash, a second Ctrl-C), the
 * process is to end at once.
 */
export function main(args: readonly string[], io: Io = denoIo()): Promise<number> {
  const terminal = new Terminal(io);
  const stack = args.includes("--stack");
  return new Promise((resolve) => {
    const end = (error: unknown) => {
      forget();
      // Nobody reads any more, as after `| head`: that is no failure.
      if (error instanceof OutputClosed) return resolve(0);
      reportError(terminal, error, { stack });
      resolve(exitCodeOf(error));
    };
    const forget = io.onCrash(end);
    dispatch(args, terminal).then((code) => {
      forget();
      resolve(code);
    }, end);
  });
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first] = args;
  if (first === undefined) {
    const { overview } = await import("./help_text.ts");
    terminal.io.stderr.write(overview(styleFor(false)));
    return 2;
  }
  if (["--help", "-h"].includes(first)) return await help(terminal);
  const line = ["--version", "-V"].includes(first) ? ["version"] : commandFirst(args);
  const { entry, rest } = findCommand(line);
  const { command } = await entry.load();
  try {
    const { flags, args } = parseFlags(command, rest);
    if (flags.on("help")) return await help(terminal, command);
    return await command.run({ terminal, args, flags });
  } catch (error) {
    if (exitCodeOf(error) !== 2) throw error;
    throw fail("usage", `${messageOf(error)}\n  try: kuiper help ${command.words}`, error);
  }
}

/** The page of a command, or that of all. It is loaded only when it is asked for. */
async function help(terminal: Terminal, command?: Command): Promise<number> {
  const { commandHelp, overview } = await import("./help_text.ts");
  const { style } = terminal;
  await terminal.print(command === undefined ? overview(style) : commandHelp(command, style));
  return 0;
}

/** Move the flags before the command behind it. */
function commandFirst(args: readonly string[]): string[] {
  let at = 0;
  while (at < args.length && args[at]!.startsWith("-")) {
    const [name = ""] = args[at]!.split("=", 1);
    if (!Object.hasOwn(LEADING, name)) break;
    at += LEADING[name] === true && !args[at]!.includes("=") ? 2 : 1;
  }
  return [...args.slice(at), ...args.slice(0, at)];
}
