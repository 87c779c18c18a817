import { KuiperError, messageOf } from "../core/mod.ts";
import type { Terminal } from "./terminal.ts";
import { entry } from "./text_width.ts";

/** `Requires write access to "./data", …`, as the runtime says it; what follows depends on how it was started. */
const DENIED = /^Requires (\w+) access(?: to ("[^"]*"|[^\s,]+))?/;

/**
 * Say on stderr what went wrong, in one sentence.
 *
 * @param options.stack show also the stack, and the errors that caused it.
 */
export function reportError(terminal: Terminal, error: unknown, options: { stack: boolean }): void {
  terminal.error(sentenceOf(error, options));
  if (!options.stack) return;
  for (const line of stackLines(error)) terminal.note(entry(line));
}

/** The exit code for what was thrown. */
export function exitCodeOf(error: unknown): number {
  return error instanceof KuiperError && error.code === "usage" ? 2 : 1;
}

function sentenceOf(error: unknown, { stack }: { stack: boolean }): string {
  if (error instanceof KuiperError || isSqlError(error)) return error.message;
  if (error instanceof Deno.errors.NotCapable) {
    const [, kind = "more", target] = DENIED.exec(error.message) ?? [];
    return `This executable was made without ${kind} access${
      target === undefined ? "" : ` to ${target}`
    }; use one that has it, or another base directory`;
  }
  const hint = stack ? "" : " (this should not happen; --stack shows where)";
  return `${messageOf(error)}${hint}`;
}

/** By its code, so that an error costs no loading of the parser. */
function isSqlError(error: unknown): error is SyntaxError {
  return error instanceof SyntaxError && "code" in error && error.code === "sql";
}

function stackLines(error: unknown): string[] {
  const lines: string[] = [];
  const seen = new Set<unknown>();
  for (let cause = error; cause !== undefined && !seen.has(cause);) {
    seen.add(cause);
    if (!(cause instanceof Error)) {
      lines.push(`caused by: ${messageOf(cause)}`);
      break;
    }
    if (cause !== error) lines.push(`caused by: ${cause.name}: ${cause.message}`);
    lines.push(...framesOf(cause));
    cause = cause.cause;
  }
  return lines;
}

/** The stack without its head, which repeats the message. */
function framesOf(error: Error): string[] {
  return (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
}
