/**
 * The process of a plugin: between the pipes of the engine and the Workers in it. It runs nothing of the plugin in
 * its own thread, so that it can always tell how the Workers stand.
 *
 * @module
 */
import { messageOf } from "../core/mod.ts";
import { type Grant, GRANT_KINDS } from "./permissions.ts";
import { type FrameMessage, FrameReader, FrameWriter } from "./process_frames.ts";
import {
  type FromProcess,
  ISOLATE_COMMAND,
  PROCESS_EXITS,
  type ToProcess,
  USAGE_EVERY_MS,
} from "./process_protocol.ts";
import { cut, LIMITS, ProtocolError, readMessage, type ToIsolate } from "./protocol.ts";
import { SignsOfLife } from "./signs_of_life.ts";
import { bootWorker, listenTo, temporaryFolder } from "./worker_port.ts";

/** Milliseconds between two looks at the memory. */
const LOOK_EVERY_MS = 100;
/** Looks beyond the limit after which the process ends itself: the engine did not. */
const MOST_LOOKS_BEYOND = 5;
/** Into how many looks the watchdog's time is divided. */
const WATCHDOG_LOOKS = 20;
/** Milliseconds that a Worker has to answer when it is closed; one that does not would keep its core busy. */
const CLOSE_MS = 500;

type Setup = ToProcess & { t: "setup" };

interface Held {
  readonly worker: Worker;
  /** It has spoken: its event loop was seen to turn. */
  heard: boolean;
  /** Looks since it last gave a sign of life. */
  silent: number;
  readonly signs: SignsOfLife;
  closing: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Be the process of a plugin: read frames from stdin until it ends.
 *
 * @returns the exit code. The process is to end with it at once: Workers may still run.
 */
export async function runIsolateChild(): Promise<number> {
  return await new Promise<number>((resolve) => {
    const held = new Map<number, Held>();
    let setup: Setup | undefined;
    // What a plugin is not granted is given up before its first Worker begins.
    const temp = temporaryFolder();
    const out = new FrameWriter(writeStdout, () => resolve(PROCESS_EXITS.closed));
    const say = (message: FromProcess) => out.send(0, message);
    const broken = (id: number, name: string, what: string) => {
      drop(id);
      say({ t: "broken", id, name: cut(name, LIMITS.name), what: cut(what, LIMITS.message) });
    };

    function drop(id: number): void {
      const one = held.get(id);
      if (one === undefined) return;
      held.delete(id);
      clearTimeout(one.closing);
      one.worker.onmessage = null;
      one.worker.terminate();
    }

    function open(id: number, { type, permissions }: Setup): void {
      let worker: Worker;
      try {
        worker = bootWorker(type, permissions, temp);
      } catch (error) {
        broken(id, "Error", `cannot be started: ${messageOf(error)}`);
        return;
      }
      const signs = new SignsOfLife();
      const one: Held = { worker, heard: false, silent: 0, signs, closing: undefined };
      held.set(id, one);
      listenTo(worker, {
        message(data) {
          one.heard = true;
          if (one.signs.isSign(data)) {
            one.silent = 0;
            if (one.closing !== undefined) drop(id);
            return;
          }
          if (one.closing !== undefined) return;
          try {
            // Any other object is not written: one that says little in memory may be endless as text.
            out.send(id, readMessage(data));
          } catch (error) {
            broken(id, "ProtocolError", messageOf(error));
          }
        },
        broken: (name, what) => broken(id, name, what),
      });
    }

    /** One that still turns is ended; of one that does not only the end of the process frees the core. */
    function close(id: number): void {
      const one = held.get(id);
      if (one === undefined || one.closing !== undefined) return;
      one.closing = setTimeout(() => say({ t: "stuck", id }), CLOSE_MS);
      ask(one);
    }

    function hear(id: number, message: FrameMessage): void {
      if (id !== 0) {
        held.get(id)?.worker.postMessage(message as unknown as ToIsolate);
        return;
      }
      const told = message as unknown as ToProcess;
      switch (told.t) {
        case "setup":
          setup = told;
          out.key = told.key;
          narrow(told.permissions);
          watchMemory(told, { say, end: resolve });
          setInterval(() => watch(held, say), told.watchdogMs / WATCHDOG_LOOKS);
          break;
        case "open":
          if (setup !== undefined) open(told.id, setup);
          break;
        case "close":
          close(told.id);
          break;
      }
    }

    void readStdin(hear).then(() => resolve(PROCESS_EXITS.closed));
  });
}

/** Say how much is used: each second, and at each look while it is too much. */
function watchMemory(
  { memoryBytes }: Setup,
  { say, end }: { say: (message: FromProcess) => void; end: (code: number) => void },
): void {
  let looks = 0;
  let beyond = 0;
  const look = () => {
    const rssBytes = Deno.memoryUsage().rss;
    beyond = rssBytes > memoryBytes ? beyond + 1 : 0;
    if (beyond > MOST_LOOKS_BEYOND) end(PROCESS_EXITS.memory);
    if (beyond > 0 || looks % (USAGE_EVERY_MS / LOOK_EVERY_MS) === 0) {
      say({ t: "usage", rssBytes, cpuMs: usedCpuMs(), atMs: performance.now() });
    }
    looks++;
  };
  look();
  setInterval(look, LOOK_EVERY_MS);
}

/**
 * Ask the silent ones and tell of those that do not answer. Looks are counted and no clock is read: time in which the
 * whole process was suspended is no silence.
 */
function watch(held: Map<number, Held>, say: (message: FromProcess) => void): void {
  for (const [id, one] of held) {
    if (!one.heard) continue;
    ask(one);
    // Its code may have begun to spin up to two looks after the first of them.
    if (++one.silent === WATCHDOG_LOOKS + 2) say({ t: "stuck", id });
  }
}

function usedCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Give up what the grant does not need. A Worker is given exactly the grant; this is for what is beside it. */
function narrow(grant: Grant): void {
  for (const name of ["run", "ffi", "import", ...GRANT_KINDS] as const) {
    const granted = name === "run" || name === "ffi" || name === "import" ? undefined : grant[name];
    if (granted === true || granted !== undefined && granted.length > 0) continue;
    // Run from source, a Worker's modules are files that have to be read.
    if ((name === "read" || name === "import") && !Deno.build.standalone) continue;
    Deno.permissions.revokeSync({ name });
  }
}

/** Ask for a sign of life. */
function ask({ worker, signs }: Held): void {
  const ping = signs.ask();
  if (ping !== undefined) worker.postMessage(ping);
}

async function readStdin(hear: (id: number, message: FrameMessage) => void): Promise<void> {
  const frames = new FrameReader();
  const buffer = new Uint8Array(65_536);
  try {
    for (
      let read = await Deno.stdin.read(buffer);
      read !== null;
      read = await Deno.stdin.read(buffer)
    ) {
      frames.push(buffer.subarray(0, read), hear);
    }
  } catch (error) {
    // Whoever started this by hand typed what is no frame.
    if (error instanceof ProtocolError) {
      const text = `"${ISOLATE_COMMAND}" is for the program itself: it ${error.message}\n`;
      Deno.stderr.writeSync(new TextEncoder().encode(text));
    }
  }
}

async function writeStdout(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await Deno.stdout.write(bytes.subarray(at));
}
