import { type Clock, systemClock } from "../core/mod.ts";
import type { OpenEngine } from "./engine.ts";

/** The signals that ask a program to stop. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** That Ctrl-C was typed where a line was awaited. */
export const SIGINT = Symbol("SIGINT");

/** Everything outside of the command line that its commands touch: a test holds all of it. */
export interface Io {
  readonly stdin: {
    readonly isTerminal: boolean;
    /** The next line without its end; undefined when there is none. */
    readLine(): Promise<string | undefined>;
    /**
     * The same on a terminal, edited there, with the lines of `history` (the last one first) at the arrow keys.
     *
     * @returns undefined at the end of the input, {@link SIGINT} when Ctrl-C was typed.
     */
    editLine(
      prompt: string,
      history: readonly string[],
    ): Promise<string | undefined | typeof SIGINT>;
  };
  readonly stdout: {
    /** Resolves when all bytes are taken. Rejects with `Deno.errors.BrokenPipe` when nobody reads any more. */
    write(bytes: Uint8Array): Promise<void>;
    readonly isTerminal: boolean;
  };
  readonly stderr: {
    /** Never throws: there is no place left to say it. */
    write(text: string): void;
    readonly isTerminal: boolean;
  };
  /** The environment; empty when it may not be read. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether colours are welcome on a terminal. */
  readonly colors: boolean;
  /** Characters in a line of the terminal; undefined when stdout is none. */
  columns(): number | undefined;
  /** Call `handler` for every stop signal, instead of ending at once. Returns what undoes it. */
  onStopSignal(handler: (signal: StopSignal) => void): () => void;
  /** Call `handler` for what was thrown and nobody caught. Returns what undoes it. */
  onCrash(handler: (error: unknown) => void): () => void;
  readonly clock: Clock;
  /** Open the application over a base directory. */
  readonly openEngine: OpenEngine;
  /** Ask a server. @param caFile a PEM file with authorities to trust beside the system's. */
  send(request: Request, caFile?: string): Promise<Response>;
}

/** The real terminal, process and application. */
export function denoIo(): Io {
  return {
    stdin: { readLine, editLine, isTerminal: Deno.stdin.isTerminal() },
    stdout: { write: writeStdout, isTerminal: Deno.stdout.isTerminal() },
    stderr: { write: writeStderr, isTerminal: Deno.stderr.isTerminal() },
    env: readEnv(),
    colors: !Deno.noColor,
    columns,
    onStopSignal,
    onCrash,
    clock: systemClock,
    async openEngine(options) {
      const { App } = await import("../app.ts");
      return await App.open(options);
    },
    send,
  };
}

/** For one authority; it ends with the process, because answers may be read until then. */
let trusting: { caFile: string; client: Deno.HttpClient } | undefined;

async function send(request: Request, caFile?: string): Promise<Response> {
  if (caFile === undefined) return await fetch(request);
  if (trusting?.caFile !== caFile) {
    const client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(caFile)] });
    trusting = { caFile, client };
  }
  return await fetch(request, { client: trusting.client });
}

const input = new TextDecoder();
/** What was read beyond the last line: several may be typed or piped at once. */
let ahead = "";

async function readLine(): Promise<string | undefined> {
  const buffer = new Uint8Array(1024);
  while (!ahead.includes("\n")) {
    const count = await Deno.stdin.read(buffer);
    if (count === null) {
      const rest = ahead;
      ahead = "";
      return rest === "" ? undefined : rest;
    }
    ahead += input.decode(buffer.subarray(0, count), { stream: true });
  }
  const end = ahead.indexOf("\n");
  const line = ahead.slice(0, end).replace(/\r$/, "");
  ahead = ahead.slice(end + 1);
  return line;
}

async function editLine(
  prompt: string,
  history: readonly string[],
): Promise<string | undefined | typeof SIGINT> {
  const { createInterface } = await import("node:readline");
  const { stdin, stderr } = await import("node:process");
  // One for each line: between them the terminal is as it was, so that Ctrl-C is a signal while something runs.
  const lines = createInterface({ input: stdin, output: stderr, history: [...history], prompt });
  const { promise, resolve } = Promise.withResolvers<string | undefined | typeof SIGINT>();
  lines.on("line", resolve);
  lines.on("SIGINT", () => resolve(SIGINT));
  lines.on("close", () => resolve(undefined));
  lines.prompt();
  try {
    return await promise;
  } finally {
    lines.close();
  }
}

async function writeStdout(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

const encoder = new TextEncoder();

function writeStderr(text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch {
    // stderr is closed.
  }
}

function readEnv(): Record<string, string> {
  try {
    return Deno.env.toObject();
  } catch (error) {
    // An executable that was compiled with less is run without an environment.
    if (error instanceof Deno.errors.NotCapable) return {};
    throw error;
  }
}

function columns(): number | undefined {
  if (!Deno.stdout.isTerminal()) return undefined;
  try {
    return Deno.consoleSize().columns;
  } catch {
    return undefined;
  }
}

function onStopSignal(handler: (signal: StopSignal) => void): () => void {
  // Windows knows no SIGTERM that a program could listen for.
  const signals: StopSignal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const listeners = signals.map((signal) => [signal, () => handler(signal)] as const);
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  };
}

function onCrash(handler: (error: unknown) => void): () => void {
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    handler(event.error ?? event.message);
  };
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    handler(event.reason);
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return () => {
    globalThis.removeEventListener("error", onError);
    globalThis.removeEventListener("unhandledrejection", onRejection);
  };
}
