/**
 * The source `websocket`: the messages of a WebSocket server. The stream's DATASOURCE is the path on the server, and
 * its FORMAT decodes the messages.
 *
 * It is also the example to copy for a source that is called back: what arrives is pushed into the bounded channel
 * that `open` returns, and the engine reconnects when the channel closes with NotConnected. It needs a grant for the
 * server's host, which stands in etc/plugins.yaml:
 *
 *     plugins:
 *       websocket:
 *         permissions: { net: ["${url}"] }
 *
 * A WebSocket cannot be told to stop sending. So when the stream is full under `overflow: wait`, the connection is
 * closed, what arrived until then waits for room, and the engine connects again when all of it has found some. What
 * the server sends in between is not received; a stream that would rather lose single messages sets a drop policy.
 */
import {
  channel,
  type Manifest,
  NotConnected,
  type Props,
  type Source,
  type SourceChannel,
  type StreamContext,
} from "kuiper";

/** What the module says of itself, and what it asks for. */
export const manifest: Manifest = {
  contract: 1,
  version: "1.0.0",
  description: "The messages of a WebSocket server",
  licence: "Apache-2.0",
  permissions: { net: ["${url}"] },
  properties: {
    type: "object",
    required: ["url"],
    properties: {
      url: {
        type: "string",
        description: "The server, ws://host:port or wss://host; DATASOURCE is added to its path",
      },
      protocols: {
        type: "array",
        items: { type: "string", minLength: 1 },
        default: [],
        description: "Subprotocols to offer, the preferred one first",
      },
      connectTimeout: {
        type: "integer",
        minimum: 1,
        maximum: 2147483647,
        default: 10000,
        description: "Milliseconds that connecting may take",
      },
    },
  },
};

/** A close that was asked for: what follows is no failure of the server. */
const NORMAL = 1000;
/** Milliseconds that the server gets for its part of closing. */
const CLOSE_TIMEOUT = 1000;

const encoder = new TextEncoder();

/** One connection, for every instance of a stream and every time it is opened. */
export class Websocket implements Source {
  #url = new URL("ws://localhost");
  #protocols: string[] = [];
  #connectTimeout = 10_000;
  #socket: WebSocket | undefined;
  /** Resolves when the socket is closed. */
  #closed: Promise<void> = Promise.resolve();

  configure(datasource: string, props: Props): void {
    this.#url = endpoint(props.url, datasource);
    this.#protocols = texts(props.protocols ?? [], "protocols");
    this.#connectTimeout = positive(props.connectTimeout ?? 10_000, "connectTimeout");
  }

  open(ctx: StreamContext): SourceChannel {
    const out = channel(ctx);
    // No query and no user: they may be secrets.
    const server = `${this.#url.protocol}//${this.#url.host}${this.#url.pathname}`;
    ctx.status("connecting", server);
    // A host that was not granted throws here, and the stream ends with that.
    const socket = new WebSocket(this.#url, this.#protocols);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";

    /** The first cause that is known: the others follow from it. */
    let reason: string | undefined;
    const late = setTimeout(() => {
      reason ??= `no answer after ${this.#connectTimeout} ms`;
      socket.close();
    }, this.#connectTimeout);
    socket.onopen = () => {
      clearTimeout(late);
      ctx.status("connected", server);
    };
    socket.onerror = (event) => {
      if ("message" in event && event.message !== "") reason ??= String(event.message);
    };

    const waiting: Promise<void>[] = [];
    let lost = 0;
    socket.onmessage = ({ data }) => {
      const item = {
        payload: typeof data === "string" ? encoder.encode(data) : new Uint8Array(data),
      };
      if (out.push(item) || ctx.signal.aborted) return;
      if (waiting.length === 0) {
        reason ??= "the stream was full";
        ctx.log.warn(`the stream is full: closing the connection to ${server} until there is room`);
        socket.close(NORMAL, "the receiver is busy");
      }
      waiting.push(out.send(item).catch(() => void lost++));
    };

    this.#closed = new Promise((resolve) => {
      socket.onclose = (event) => {
        clearTimeout(late);
        resolve();
        const detail = event.reason === "" ? "" : ` (${event.reason})`;
        reason ??= `the server closed the connection${detail}`;
        const message = `not connected to ${server}: ${reason}`;
        ctx.status("disconnected", ctx.signal.aborted ? server : message);
        // None of them rejects.
        void Promise.all(waiting).then(() => {
          if (lost > 0 && !ctx.signal.aborted) {
            ctx.log.warn(`lost ${lost} messages that arrived while the connection was closing`);
          }
          out.close(new NotConnected(message));
        });
      };
    });
    return out;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    if (socket.readyState !== WebSocket.CLOSING) socket.close(NORMAL);
    // A server that is gone does not answer; the engine has a deadline of its own, which is not ours to use up.
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_TIMEOUT);
      void this.#closed.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** The url with the path of the datasource, which never changes the host. */
function endpoint(url: unknown, datasource: string): URL {
  const expected = "expected the address of a server such as ws://localhost:8080";
  if (typeof url !== "string") throw new TypeError(`"url" is missing, ${expected}`);
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^wss?:$/.test(base.protocol)) {
    throw new TypeError(`"url" is no WebSocket address, ${expected}`);
  }
  const [path = "", query] = datasource.split(/\?(.*)/s);
  if (path !== "") {
    base.pathname = `${base.pathname.replace(/\/$/, "")}/${path.replace(/^\//, "")}`;
  }
  if (query !== undefined) base.search = query;
  // A WebSocket address takes none.
  base.hash = "";
  return base;
}

function texts(value: unknown, name: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new TypeError(`"${name}" is ${JSON.stringify(value)}, expected a list of texts`);
}

function positive(value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new TypeError(`"${name}" is ${JSON.stringify(value)}, expected milliseconds, 1 or more`);
}
