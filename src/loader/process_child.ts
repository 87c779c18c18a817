import { messageOf } from "../core/mod.ts";
import type { SourceFailure } from "../contract/mod.ts";
import { type IsolatePort, lost, type PortEvents } from "./isolate_port.ts";
import type { Grant } from "./permissions.ts";
import { CPU_WINDOW_MS, CpuWatch } from "./process_cpu.ts";
import { MOST_HEAD_VALUES } from "./packed_message.ts";
import {
  type FrameKey,
  type FrameMessage,
  FrameReader,
  FrameWriter,
  MAX_FRAME_BYTES,
  MOST_HEAD_BYTES,
} from "./process_frames.ts";
import type { Launch } from "./process_launch.ts";
import { DEFAULT_PROCESS_LIMITS, type ProcessLimits } from "./process_limits.ts";
import {
  type FromProcess,
  PROCESS_EXITS,
  readFromProcess,
  type ToProcess,
  USAGE_EVERY_MS,
} from "./process_protocol.ts";
import { ProtocolError, type ToIsolate } from "./protocol.ts";
import { StderrTail } from "./process_stderr.ts";

/** Words of usage that may be missing. */
const SILENT_USAGES = 15;
/** Milliseconds that a process has to end by itself once it has closed its output. */
const END_MS = 250;

/** What a process is started with. */
export interface ChildOptions {
  readonly type: string;
  readonly permissions: Grant;
  readonly limits: ProcessLimits;
  readonly launch: Launch;
  /** Called once, when nobody can open an isolate in it any more. */
  onEnd(): void;
}

/**
 * The engine's hold on the process of one plugin.
 *
 * - **Distrust**: bytes that are no frames, or a word that it may not say, end it.
 * - **Limits**: what it uses is compared with its limits as it comes; beyond one it is killed.
 * - **Ends once**: with its last isolate, by a limit, or by itself; every isolate in it hears why.
 */
export class ProcessChild {
  readonly #options: ChildOptions;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #writer: FrameWriter;
  readonly #stderr: StderrTail;
  readonly #ports = new Map<number, PortEvents>();
  readonly #memoryBytes: number;
  readonly #cpu: CpuWatch | undefined;
  readonly #beat: ReturnType<typeof setInterval>;
  /** Resolves when it is gone and its pipes are closed. */
  readonly #gone: Promise<void>;
  readonly #key = [...crypto.getRandomValues(new Uint32Array(2))] as unknown as FrameKey;
  #nextId = 1;
  #silent = 0;
  #ended = false;

  /** @throws an error of the runtime when the process cannot be started. */
  constructor(options: ChildOptions) {
    this.#options = options;
    const { memoryBytes, watchdogMs, cpu } = { ...DEFAULT_PROCESS_LIMITS, ...options.limits };
    this.#memoryBytes = memoryBytes;
    this.#cpu = cpu === undefined ? undefined : new CpuWatch(cpu);
    const { command, args, env } = options.launch;
    this.#child = new Deno.Command(command, {
      args: [...args],
      env: { ...env },
      clearEnv: true,
      // A group of its own: Ctrl-C on the terminal is for the engine, which stops it in order.
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#writer = new FrameWriter((bytes) => this.#input.write(bytes), () => {});
    this.#stderr = new StderrTail(this.#child.stderr);
    this.#beat = setInterval(() => this.#look(), USAGE_EVERY_MS);
    this.#gone = this.#live();
    this.#tell({
      t: "setup",
      key: this.#key,
      type: options.type,
      permissions: options.permissions,
      memoryBytes,
      watchdogMs,
    });
  }

  /** The process's number in the system. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Start an isolate in it. */
  open(events: PortEvents): IsolatePort {
    const id = this.#nextId++;
    this.#ports.set(id, events);
    this.#tell({ t: "open", id });
    return {
      neverWaits: "was ended with its process",
      endsCode: true,
      post: (message: ToIsolate) => this.#send(id, message),
      close: () => this.#close(id),
    };
  }

  #close(id: number): Promise<void> {
    this.#ports.delete(id);
    if (this.#ended) return this.#gone;
    if (this.#ports.size === 0) {
      this.#end(undefined);
      return this.#gone;
    }
    this.#tell({ t: "close", id });
    return Promise.resolve();
  }

  // -- What it is told --

  #tell(message: ToProcess): void {
    this.#send(0, message);
  }

  #send(id: number, message: ToIsolate | ToProcess): void {
    if (this.#ended) return;
    try {
      this.#writer.send(id, message);
    } catch (error) {
      this.#end(ended(`cannot be told what it has to do: ${messageOf(error)}`));
      return;
    }
    if (this.#writer.waitingBytes > MAX_FRAME_BYTES) {
      this.#end(ended("does not read what it is told"));
    }
  }

  // -- What it says --

  async #live(): Promise<void> {
    const frames = new FrameReader({
      key: this.#key,
      mostHeadBytes: MOST_HEAD_BYTES,
      mostHeadValues: MOST_HEAD_VALUES,
    });
    const reader = this.#child.stdout.getReader();
    const onFrame = (id: number, message: FrameMessage) => this.#hear(id, message);
    try {
      while (true) {
        const { done, value } = await reader.read();
        if (done || this.#ended) break;
        frames.push(value, onFrame);
      }
    } catch (error) {
      this.#end({ ...ended(messageOf(error)), name: nameOf(error) });
    }
    const cut = frames.isInside;
    // It ends as soon as its output is closed, or is ended.
    const timer = setTimeout(() => this.#end(ended("closed its output")), END_MS);
    const status = await this.#child.status;
    clearTimeout(timer);
    await this.#stderr.closed;
    this.#end(this.#failure(status, cut));
    await reader.cancel().catch(() => {});
    await this.#writer.flushed();
  }

  #hear(id: number, message: FrameMessage): void {
    if (this.#ended) return;
    if (id !== 0) {
      // One that was closed a moment ago may still be heard.
      const port = this.#ports.get(id);
      if (port === undefined && id >= this.#nextId) {
        throw new ProtocolError("spoke of a plugin that it does not have");
      }
      port?.message(message);
      return;
    }
    this.#silent = 0;
    this.#handle(readFromProcess(message));
  }

  #handle(message: FromProcess): void {
    switch (message.t) {
      case "usage":
        this.#use(message);
        break;
      case "broken": {
        const port = this.#ports.get(message.id);
        this.#ports.delete(message.id);
        port?.broken(lost(message.what, message.name));
        break;
      }
      case "stuck":
        this.#end(this.#stuck(this.#ports.has(message.id)));
        break;
    }
  }

  #use({ rssBytes, cpuMs, atMs }: FromProcess & { t: "usage" }): void {
    if (rssBytes === 0) {
      this.#end(ended("cannot tell how much memory it holds: what is around it hides /proc"));
      return;
    }
    if (rssBytes > this.#memoryBytes) {
      this.#end(ended(
        `was ended because it held ${megabytes(rssBytes)} of memory, its limit is ` +
          `${megabytes(this.#memoryBytes)}; "limits: {memory: …}" in etc/plugins.yaml sets another`,
      ));
      return;
    }
    const share = this.#cpu?.exceeded(atMs, cpuMs);
    if (share !== undefined) {
      this.#end(ended(
        `was ended because it used ${share.toFixed(2)} of a core over ${
          CPU_WINDOW_MS / 1000
        } s, its limit is ${this.#options.limits.cpu}; ` +
          `"limits: {cpu: …}" in etc/plugins.yaml sets another`,
      ));
    }
  }

  #stuck(open: boolean): SourceFailure {
    const { watchdogMs } = { ...DEFAULT_PROCESS_LIMITS, ...this.#options.limits };
    return ended(
      open
        ? `was ended because its code did not wait for anything for ${watchdogMs / 1000} s`
        : "was ended because a stream of it that was stopped goes on and never waits",
    );
  }

  #look(): void {
    if (++this.#silent > SILENT_USAGES) this.#end(ended("does not answer"));
  }

  // -- End --

  #failure(status: Deno.CommandStatus, cut: boolean): SourceFailure {
    const said = this.#stderr.text === "" ? "" : `; it said: ${this.#stderr.text}`;
    if (/out of memory/i.test(this.#stderr.text)) return ended("ran out of memory");
    if (status.code === PROCESS_EXITS.memory) {
      return ended(
        `ended itself because it held more than its limit of ${megabytes(this.#memoryBytes)}`,
      );
    }
    if (status.signal !== null) return ended(`was ended by the signal ${status.signal}${said}`);
    // A wrapper tells a signal as shells do.
    if (this.#options.launch.wraps !== undefined && status.code > 128) {
      return ended(`was ended by the signal ${status.code - 128}${said}`);
    }
    const inside = cut ? " in the middle of a message" : "";
    return ended(`ended by itself${inside} with exit code ${status.code}${said}`);
  }

  #end(failure: SourceFailure | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#beat);
    this.#options.onEnd();
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    // Behind a wrapper that lets it live on it ends with its input, as it would if this program had gone.
    void this.#input.abort().catch(() => {});
    const ports = [...this.#ports.values()];
    this.#ports.clear();
    if (failure === undefined) return;
    for (const port of ports) port.broken(failure);
  }
}

function ended(what: string): SourceFailure {
  return { step: "crash", name: "Error", message: `its process ${what}` };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "Error";
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e5) / 10} MB`;
}
