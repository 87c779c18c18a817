/** Runs a script of this folder in a process of its own, so that what is measured is that process alone. */
import { fromFileUrl } from "@std/path";
import { V8_FLAGS } from "../../src/dev/compile_config.ts";
import { TextLineStream } from "../fakes/text_lines.ts";

/** A script at work. What it prints is one JSON value a line. */
export interface Child extends AsyncDisposable {
  /** The next line; throws when the script ends before it. */
  next<T>(): Promise<T>;
  /** End its standard input, on which scripts wait that are to stay. */
  release(): Promise<void>;
}

/** Start `script` of this folder with the Deno that runs this, with the flags that the program runs with. */
export function startChild(script: string, args: readonly unknown[] = []): Child {
  const path = fromFileUrl(new URL(script, import.meta.url));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", V8_FLAGS, path, ...args.map(String)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = process.stdout.pipeThrough(new TextLineStream()).getReader();
  let released = false;
  const release = async () => {
    if (released) return;
    released = true;
    await process.stdin.close().catch(() => {});
  };
  return {
    async next<T>(): Promise<T> {
      const { value, done } = await lines.read();
      if (done) throw new Error(`${script} ended before it said what was measured`);
      return JSON.parse(value) as T;
    },
    release,
    async [Symbol.asyncDispose]() {
      await release();
      // A script that failed in the middle of its work would stay.
      const late = setTimeout(() => process.kill("SIGKILL"), 5000);
      await process.status;
      clearTimeout(late);
      await lines.cancel();
    },
  };
}

/** Run `script` until it has printed one value. */
export async function runChild<T>(script: string, args: readonly unknown[] = []): Promise<T> {
  await using child = startChild(script, args);
  return await child.next<T>();
}

/** In a script: resolves when the standard input has ended. */
export async function inputEnded(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
}
