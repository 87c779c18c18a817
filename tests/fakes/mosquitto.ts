import { pbkdf2Sync, randomBytes } from "node:crypto";
import { join } from "@std/path";
import { lastTurn } from "./last_turn.ts";
import { TextLineStream } from "./text_lines.ts";

/** Options of {@link startMosquitto}. */
export interface MosquittoOptions {
  /** Keep sessions and messages over a restart. @default {false} */
  persistence?: boolean;
  /** Let only this user in. */
  user?: { name: string; password: string };
  /** Speak TLS; `requireClient` asks for a client certificate too. */
  tls?: { ca: string; serverCert: string; serverKey: string; requireClient?: boolean };
  /** Further lines of mosquitto.conf. */
  config?: string[];
}

/** A real broker, with its files in a temporary directory. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  /** `tcp://` or, with TLS, `ssl://`. */
  readonly url: string;
  /** What it has logged since it was last started. */
  readonly log: readonly string[];
  /** Resolves with the first line that matches, also one that it has logged already. */
  logged(pattern: RegExp): Promise<string>;
  /** End it as a system's shutdown does: with persistence, what it holds is stored. */
  stop(): Promise<void>;
  /** End it with SIGKILL. */
  kill(): Promise<void>;
  /** Start it again on the same port; with persistence, with what it had. */
  start(): Promise<void>;
  /** {@link Mosquitto.stop} and {@link Mosquitto.start}. */
  restart(): Promise<void>;
}

/** Where the executable is, or undefined. */
export function findMosquitto(): string | undefined {
  return findTool("mosquitto");
}

/**
 * A test that needs mosquitto, and the other programs of `tools`: without them it says that it was skipped, and fails
 * where CI is set.
 */
export function mosquittoTest(
  name: string,
  run: (t: Deno.TestContext) => Promise<void>,
  options: { tools?: string[] } = {},
): void {
  const needed = ["mosquitto", ...options.tools ?? []];
  const missing = needed.filter((tool) => findTool(tool) === undefined).join(" and ");
  const ignore = missing !== "" && Deno.env.get("CI") === undefined;
  if (ignore) console.warn(`skipped, ${missing} is not installed: ${name}`);
  Deno.test({
    name,
    ignore,
    fn: async (t) => {
      if (missing !== "") throw new Error(`${missing} is not installed, and CI skips no test`);
      await run(t);
      await lastTurn();
    },
  });
}

function findTool(name: string): string | undefined {
  // Where Debian puts mosquitto is on root's PATH only.
  const dirs = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return dirs.filter((dir) => dir !== "").map((dir) => join(dir, name)).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Start a broker on a free port of 127.0.0.1. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const path = findMosquitto();
  if (path === undefined) throw new Error("mosquitto is not installed");
  const dir = await Deno.makeTempDir({ prefix: "kuiper_mosquitto_" });
  for (let attempt = 1;; attempt++) {
    const port = freePort();
    await writeConfig(dir, port, options);
    const broker = new RunningMosquitto(path, dir, port, options.tls !== undefined);
    try {
      await broker.start();
      return broker;
    } catch (error) {
      // Somebody else may have taken the port in between.
      if (attempt < 3) continue;
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }
}

class RunningMosquitto implements Mosquitto {
  readonly port: number;
  readonly url: string;
  readonly #path: string;
  readonly #dir: string;
  #child: Deno.ChildProcess | undefined;
  #reading: Promise<void> = Promise.resolve();
  #lines: string[] = [];
  #waiting: { pattern: RegExp; resolve: (line: string | undefined) => void }[] = [];

  constructor(path: string, dir: string, port: number, tls: boolean) {
    this.#path = path;
    this.#dir = dir;
    this.port = port;
    this.url = `${tls ? "ssl" : "tcp"}://127.0.0.1:${port}`;
  }

  get log(): readonly string[] {
    return this.#lines;
  }

  async logged(pattern: RegExp): Promise<string> {
    const line = this.#lines.find((line) => pattern.test(line)) ??
      await new Promise<string | undefined>((resolve) => this.#waiting.push({ pattern, resolve }));
    if (line === undefined) {
      throw new Error(`mosquitto ended before it logged ${pattern}:\n${this.#lines.join("\n")}`);
    }
    return line;
  }

  async start(): Promise<void> {
    this.#lines = [];
    this.#child = new Deno.Command(this.#path, {
      args: ["-c", join(this.#dir, "mosquitto.conf")],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read(this.#child.stderr);
    await this.logged(/mosquitto version \S+ running/);
    await this.#serves();
  }

  /**
   * It says that it runs a moment before its loop begins, and forgets a SIGTERM that comes in between: then it would go
   * on for ever. A connection that it took shows that the loop has begun.
   */
  async #serves(): Promise<void> {
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    await this.logged(/New connection from/);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#dir, { recursive: true }).catch(() => {});
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself.
    }
    await child.status;
    await this.#reading;
  }

  async #read(stderr: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of stderr.pipeThrough(new TextLineStream())) {
      this.#lines.push(line);
      this.#waiting = this.#waiting.filter((one) => {
        if (!one.pattern.test(line)) return true;
        one.resolve(line);
        return false;
      });
    }
    for (const one of this.#waiting.splice(0)) one.resolve(undefined);
  }
}

async function writeConfig(dir: string, port: number, options: MosquittoOptions): Promise<void> {
  const { user, tls } = options;
  const lines = [
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${user === undefined}`,
    "log_dest stderr",
    "log_type all",
    // More than its default of 1000, so that no test loses messages that wait in a session.
    "max_queued_messages 0",
    // Started by root, it would become a user who may not write here.
    ...(Deno.uid() === 0 ? ["user root"] : []),
    ...(options.persistence === true
      ? ["persistence true", `persistence_location ${dir}/`]
      : ["persistence false"]),
    ...(options.config ?? []),
  ];
  if (user !== undefined) {
    const path = join(dir, "passwords");
    await Deno.writeTextFile(path, `${user.name}:${hashPassword(user.password)}\n`, {
      mode: 0o600,
    });
    lines.push(`password_file ${path}`);
  }
  if (tls !== undefined) {
    lines.push(`cafile ${tls.ca}`, `certfile ${tls.serverCert}`, `keyfile ${tls.serverKey}`);
    lines.push(`require_certificate ${tls.requireClient === true}`);
  }
  await Deno.writeTextFile(join(dir, "mosquitto.conf"), lines.join("\n") + "\n");
}

/** As mosquitto_passwd writes it: PBKDF2 of SHA-512. */
function hashPassword(password: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, 101, 64, "sha512");
  return `$7$101$${salt.toString("base64")}$${hash.toString("base64")}`;
}

/**
 * A free port below those that the system gives to outgoing connections: a broker that is stopped for a while must
 * find its port again.
 */
function freePort(): number {
  for (let attempt = 1;; attempt++) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (attempt === 100) throw error;
    }
  }
}
