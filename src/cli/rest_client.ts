import { type ErrorCode, fail, messageOf } from "../core/mod.ts";
import type { Call, Flag } from "./command.ts";
import type { Engine } from "./engine.ts";
import { openEngine } from "./open_engine.ts";

/** For the commands that speak to a server. A token in the command line could be read by every user of the machine. */
export const TOKEN_FLAG: Flag = {
  name: "token-file",
  value: "FILE",
  doc: "a file with the server's token (KUIPER_TOKEN; else none)",
};

/** The methods that are asked. */
export type RestMethod = "GET" | "POST" | "PUT" | "DELETE";

/** What a server said. */
export interface RestAnswer {
  readonly text: string;
  /** The text as JSON. */
  json(): unknown;
}

/**
 * The REST of the server that owns `data/`, or, where none does, that of this process, which then owns it for as long
 * as the command runs.
 */
export class RestClient implements AsyncDisposable {
  /** Where the server is; undefined when it is this process. */
  readonly address: string | undefined;
  readonly #engine: Engine;
  readonly #send: (request: Request) => Promise<Response>;
  readonly #token: string | undefined;

  /** @throws KuiperError `usage` for a token that cannot be read. */
  static async open(call: Pick<Call, "terminal" | "flags">): Promise<RestClient> {
    const engine = await openEngine(call, { quiet: true });
    try {
      return await RestClient.of(engine, call);
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The same over an application that is open. Who disposes of this disposes of it too. */
  static async of(engine: Engine, call: Pick<Call, "terminal" | "flags">): Promise<RestClient> {
    const address = await engine.server();
    const { io } = call.terminal;
    const caFile = engine.config.basic.rest.tls?.cafile;
    const send = address === undefined
      ? await localRest(engine)
      : (request: Request) => io.send(request, address.startsWith("https:") ? caFile : undefined);
    const token = address === undefined ? undefined : await tokenOf(call);
    return new RestClient(engine, { address, send, token });
  }

  private constructor(engine: Engine, options: {
    address: string | undefined;
    send: (request: Request) => Promise<Response>;
    token: string | undefined;
  }) {
    this.#engine = engine;
    this.address = options.address;
    this.#send = options.send;
    this.#token = options.token;
  }

  /**
   * Ask.
   *
   * @param path its parts are joined by slashes, each encoded.
   * @throws KuiperError with the sentence of the server; `not_connected` when it does not answer.
   */
  async ask(
    method: RestMethod,
    path: readonly string[],
    options: { body?: unknown; query?: string } = {},
  ): Promise<RestAnswer> {
    const text = await (await this.stream(method, path, options)).text();
    return { text, json: () => JSON.parse(text) };
  }

  /** The same for an answer that is read as it comes; aborting `signal` ends it. */
  async stream(
    method: RestMethod,
    path: readonly string[],
    options: { body?: unknown; query?: string; signal?: AbortSignal } = {},
  ): Promise<Response> {
    const base = this.address ?? "http://localhost";
    const url = `${base}/${path.map(encodeURIComponent).join("/")}${options.query ?? ""}`;
    const { body, signal } = options;
    const request = new Request(url, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      },
    });
    let response: Response;
    try {
      response = await this.#send(request);
    } catch (error) {
      signal?.throwIfAborted();
      const why = reasonOf(messageOf(error));
      throw fail("not_connected", `Cannot reach the server at ${base}: ${why}`, error);
    }
    if (!response.ok) throw failureOf(response.status, await response.text());
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}

/** The server that owns `data/`; undefined when none does. The application stays the caller's. */
export async function serverOf(
  engine: Engine,
  call: Pick<Call, "terminal" | "flags">,
): Promise<RestClient | undefined> {
  return await engine.server() === undefined ? undefined : await RestClient.of(engine, call);
}

/** The same paths and texts as a server's, without a port. */
async function localRest(engine: Engine): Promise<(request: Request) => Promise<Response>> {
  const { createRest } = await import("../api/mod.ts");
  const { silentLogger } = await import("../core/mod.ts");
  return createRest(engine, {
    settings: { ...engine.config.basic.rest, ip: "127.0.0.1", tokens: {} },
    log: silentLogger,
    version: "",
    startedAt: 0,
    now: () => 0,
  });
}

async function tokenOf({ terminal, flags }: Pick<Call, "terminal" | "flags">) {
  const file = flags.text("token-file");
  if (file === undefined) {
    const token = terminal.io.env["KUIPER_TOKEN"]?.trim();
    return token === "" ? undefined : token;
  }
  try {
    return (await Deno.readTextFile(file)).trim();
  } catch (error) {
    throw fail("usage", `Cannot read --token-file "${file}": ${messageOf(error)}`, error);
  }
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: "denied",
  403: "denied",
  404: "not_found",
  409: "busy",
  500: "io",
  503: "not_connected",
};

function failureOf(status: number, text: string): Error {
  let message = `The server answered with status ${status}`;
  try {
    const said = (JSON.parse(text) as { message?: unknown }).message;
    if (typeof said === "string" && said !== "") message = said;
  } catch {
    // It is no server of this kind.
  }
  const cure = status === 401 ? ": set KUIPER_TOKEN, or name a file with --token-file" : "";
  return fail(CODES[status] ?? "config", `${message}${cure}`);
}

/** What the runtime says, with a cure where it is known. */
function reasonOf(message: string): string {
  if (!message.includes("CaUsedAsEndEntity")) return message;
  return "its certificate is one of an authority, which no server may have: make basic.restTls one with " +
    '"basicConstraints=critical,CA:FALSE"';
}
