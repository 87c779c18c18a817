import type { Call } from "./command.ts";
import { SIGINT } from "./io.ts";
import { reportError } from "./report_error.ts";
import { OutputClosed } from "./terminal.ts";

const PROMPT = "kuiper> ";
const MORE = "   ...> ";
/** Lines at the arrow keys. */
const MOST_REMEMBERED = 200;

/**
 * Read statements from standard input and run one after the other: a line is a statement, unless it begins with an
 * open one, which ends with a semicolon. What goes wrong is said and the next line is read. A stop signal ends what
 * runs; with nothing at work it ends the shell.
 *
 * @returns the exit code: 0 at the end of the input, 130 or 143 after a signal.
 */
export async function queryShell(
  { terminal, flags }: Pick<Call, "terminal" | "flags">,
  execute: (sql: string, stop: AbortSignal) => Promise<void>,
): Promise<number> {
  const { io } = terminal;
  const talks = io.stdin.isTerminal;
  let work: AbortController | undefined;
  const left = Promise.withResolvers<number>();
  const forget = io.onStopSignal((signal) => {
    if (work !== undefined && !work.signal.aborted && signal === "SIGINT") {
      work.abort(new DOMException("Stopped by SIGINT", "AbortError"));
    } else {
      work?.abort();
      left.resolve(signal === "SIGINT" ? 130 : 143);
    }
  });
  const shell = async () => {
    if (talks) terminal.note('statements end with their line or a semicolon; "exit" leaves');
    const history: string[] = [];
    for (let statement = "";;) {
      const prompt = statement === "" ? PROMPT : MORE;
      const line = talks ? await io.stdin.editLine(prompt, history) : await io.stdin.readLine();
      if (line === SIGINT) {
        if (statement === "") return 130;
        statement = "";
        continue;
      }
      if (line !== undefined && line.trim() !== "" && line !== history[0]) {
        history.unshift(line);
        history.splice(MOST_REMEMBERED);
      }
      if (line === undefined && statement.trim() === "") return 0;
      statement += `${line ?? ";"}\n`;
      if (/^\s*(exit|quit)\s*;?\s*$/i.test(statement)) return 0;
      if (!isWhole(statement, talks)) continue;
      const sql = statement;
      statement = "";
      if (/^[\s;]*$/.test(bare(sql))) continue;
      work = new AbortController();
      try {
        await execute(sql, work.signal);
      } catch (error) {
        if (error instanceof OutputClosed) return 0;
        reportError(terminal, error, { stack: flags.on("stack") });
      }
      work = undefined;
    }
  };
  shell().then(left.resolve, left.reject);
  try {
    return await left.promise;
  } finally {
    forget();
  }
}

/** Strings, names in back-ticks and comments, which may hold anything. */
const QUOTED = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|--[^\n]*|\/\*[^]*?\*\//g;

/** A statement with nothing in the place of its comments, and a mark in that of its strings. */
function bare(statement: string): string {
  return statement.replace(QUOTED, (quoted) => /^[-/]/.test(quoted) ? " " : "_");
}

/** On a terminal a line is enough; from a file only a semicolon ends a statement. */
function isWhole(statement: string, talks: boolean): boolean {
  const text = bare(statement).trim();
  if (text.includes("/*")) return false;
  if (text === "" || text.endsWith(";")) return true;
  // An open bracket, or nothing but the first words, asks for more.
  const open = (text.match(/\(/g) ?? []).length > (text.match(/\)/g) ?? []).length;
  return talks && !open;
}
