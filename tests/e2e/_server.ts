/** Drives `kuiper serve` of the compiled binary. */
import { type CallOptions, type Running, start } from "./_kuiper.ts";

/** A server of the binary. */
export interface TestServer extends AsyncDisposable {
  readonly running: Running;
  /** `http://127.0.0.1:12345` */
  readonly address: string;
  /** Ask it. */
  ask(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<{ status: number; text: string }>;
  /** Ask until `test` holds. */
  until(path: string, test: (answer: { status: number; text: string }) => boolean): Promise<string>;
}

/** For `etc/kuiper.yaml`: any port that is free. */
export const ANY_PORT = "basic:\n  restPort: 0\n";

/** Start a server and wait until it serves. */
export async function serve(
  options: CallOptions,
  { args = [], ...settings }: { caFile?: string; args?: readonly string[] } = {},
): Promise<TestServer> {
  const running = start(["serve", ...args], options);
  try {
    const said = await running.said(/^serving on /);
    const address = /^serving on ([^,\s]+)/.exec(said)![1]!;
    return serverAt(address, { running, ...settings });
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

async function serverAt(
  address: string,
  { running, caFile }: { running: Running; caFile?: string },
): Promise<TestServer> {
  const client = Deno.createHttpClient(
    caFile === undefined ? {} : { caCerts: [await Deno.readTextFile(caFile)] },
  );
  const ask: TestServer["ask"] = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(`${address}${path}`, {
      method,
      client,
      headers,
      ...(body === undefined ? {} : {
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    });
    return { status: response.status, text: await response.text() };
  };
  return {
    running,
    address,
    ask,
    async until(path, test) {
      let last = { status: 0, text: "" };
      // Bounded: what is waited for comes within seconds or never.
      for (let tries = 0; tries < 200; tries++) {
        last = await ask("GET", path);
        if (test(last)) return last.text;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${path} never came to what was waited for: ${last.status} ${last.text}`);
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

/** What the server says; a server that does not say it is ended, which fails the test instead of hanging it. */
export async function said({ running }: TestServer, pattern: RegExp): Promise<string> {
  const timer = setTimeout(() => running.kill("SIGTERM"), 20_000);
  try {
    return await running.said(pattern);
  } finally {
    clearTimeout(timer);
  }
}
