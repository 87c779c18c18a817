/**
 * Drives the compiled binary as a user would. Set KUIPER_BINARY to its path; without it these tests are skipped and
 * say so.
 */
import { dirname, join, resolve } from "@std/path";

const binary = Deno.env.get("KUIPER_BINARY");

/** A test of the binary; skipped, with a reason, where there is none. */
export function binaryTest(name: string, run: (t: Deno.TestContext) => Promise<void>): void {
  const missing = binary === undefined || binary === "";
  Deno.test({
    name: missing
      ? `${name} (skipped: KUIPER_BINARY is not set, make one with deno task compile)`
      : name,
    ignore: missing,
    fn: run,
  });
}

/** Absolute path of the binary. */
export function binaryPath(): string {
  return resolve(binary!);
}

/** A directory with files, gone when disposed of. */
export interface Base extends AsyncDisposable {
  readonly path: string;
  write(files: Record<string, string>): Promise<void>;
}

/** A fresh base directory. */
export async function makeBase(files: Record<string, string> = {}): Promise<Base> {
  const path = await Deno.makeTempDir({ prefix: "kuiper_e2e_" });
  const base: Base = {
    path,
    async write(more) {
      for (const [name, text] of Object.entries(more)) {
        await Deno.mkdir(dirname(join(path, name)), { recursive: true });
        await Deno.writeTextFile(join(path, name), text);
      }
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
  await base.write(files);
  return base;
}

/** How a command went. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
  /** The lines of stdout, parsed. */
  rows: Record<string, unknown>[];
}

/** What may be set for a command. */
export interface CallOptions {
  cwd: string;
  env?: Record<string, string>;
  /** Most bytes of a file that it can write, as on a disk that is full then; a multiple of 512. */
  mostFileBytes?: number;
}

/** Run a command to its end. */
export async function kuiper(args: readonly string[], options: CallOptions): Promise<Outcome> {
  const { code, stdout, stderr } = await command(args, options).output();
  const out = new TextDecoder().decode(stdout);
  return {
    code,
    stdout: out,
    stderr: new TextDecoder().decode(stderr),
    get rows() {
      return out.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    },
  };
}

/** A command that goes on until it is told to stop. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** The next line of stdout; `undefined` at its end. */
  line(): Promise<string | undefined>;
  /** Resolves with the first line of stderr that matches, also when it was printed before. */
  said(pattern: RegExp): Promise<string>;
  kill(signal: Deno.Signal): void;
  /** Resolves when it has ended; what was left of stdout is in `rest`. */
  ended(): Promise<{ code: number; signal: string | null; rest: string[]; stderr: string }>;
}

/** Start a command. */
export function start(args: readonly string[], options: CallOptions): Running {
  const child = command(args, options).spawn();
  const stdout = lineReader(child.stdout);
  const stderr: string[] = [];
  let silent = false;
  const waiting: {
    pattern: RegExp;
    resolve: (line: string) => void;
    reject: (e: Error) => void;
  }[] = [];
  const neverSaid = (pattern: RegExp) =>
    new Error(`ended without saying ${pattern}; it said:\n${stderr.join("\n")}`);
  const errors = (async () => {
    const reader = lineReader(child.stderr);
    for (let line = await reader(); line !== undefined; line = await reader()) {
      stderr.push(line);
      for (const one of [...waiting]) {
        if (!one.pattern.test(line)) continue;
        waiting.splice(waiting.indexOf(one), 1);
        one.resolve(line);
      }
    }
    silent = true;
    for (const one of waiting) one.reject(neverSaid(one.pattern));
  })();
  let ended: ReturnType<Running["ended"]> | undefined;
  const running: Running = {
    pid: child.pid,
    line: stdout,
    said(pattern) {
      const before = stderr.find((line) => pattern.test(line));
      if (before !== undefined) return Promise.resolve(before);
      if (silent) return Promise.reject(neverSaid(pattern));
      return new Promise((resolve, reject) => waiting.push({ pattern, resolve, reject }));
    },
    kill: (signal) => child.kill(signal),
    ended() {
      return ended ??= (async () => {
        const rest: string[] = [];
        for (let line = await stdout(); line !== undefined; line = await stdout()) rest.push(line);
        const status = await child.status;
        await errors;
        return { code: status.code, signal: status.signal, rest, stderr: stderr.join("\n") };
      })();
    },
    async [Symbol.asyncDispose]() {
      if (ended === undefined) {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended by itself.
        }
      }
      await running.ended();
    },
  };
  return running;
}

/** The limit of a shell needs no root; what hits it would end by a signal, were that not ignored. */
const LIMITED = `trap "" XFSZ; ulimit -f "$1"; shift; exec "$@"`;

function command(args: readonly string[], options: CallOptions): Deno.Command {
  const { cwd, env = {}, mostFileBytes } = options;
  const [program, ...before] = mostFileBytes === undefined
    ? [binaryPath()]
    : ["sh", "-c", LIMITED, "sh", `${mostFileBytes / 512}`, binaryPath()];
  return new Deno.Command(program!, {
    args: [...before, ...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

function lineReader(stream: ReadableStream<Uint8Array>): () => Promise<string | undefined> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  let done = false;
  return async () => {
    while (true) {
      const end = buffer.indexOf("\n");
      if (end >= 0) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 1);
        return line;
      }
      if (done) {
        const rest = buffer;
        buffer = "";
        return rest === "" ? undefined : rest;
      }
      const next = await reader.read();
      if (next.done) done = true;
      else buffer += next.value;
    }
  };
}

/** Resident memory of a process in KB, where /proc tells; a test may not read it by itself. */
export async function rssKb(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  return Number(/VmRSS:\s+(\d+)/.exec(new TextDecoder().decode(stdout))![1]);
}
