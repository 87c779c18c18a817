import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";
import { Aedes } from "aedes";

/** Options of {@link startFakeBroker}. */
export interface FakeBrokerOptions {
  /** The port to listen on. @default {0} one that is free */
  port?: number;
  /** Answer a CONNECT: 0 accepts, other numbers are reasons of CONNACK. @default {() => 0} */
  authenticate?: (username: string | undefined, password: string | undefined) => number;
  /** Whether a client may subscribe to `filter`. @default {() => true} */
  authorizeSubscribe?: (filter: string) => boolean;
  /** Whether the broker breaks the connection of who asks for `filter`. @default {() => false} */
  hangUpOn?: (filter: string) => boolean;
}

/** A broker in this process (MQTT 3.1.1, without shared subscriptions). */
export interface FakeBroker extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** The connections that stand now, as the broker sees them. */
  readonly sockets: ReadonlySet<Socket>;
  /** Every filter that a client has given up, in order. */
  readonly unsubscribed: readonly string[];
  /** How many connections there were. */
  readonly accepted: number;
  /** Resolves when a client has subscribed to `filter`, also if it has already. */
  subscribed(filter: string): Promise<void>;
  publish(topic: string, payload: string | Uint8Array, qos?: 0 | 1): Promise<void>;
  /** Break every connection without a word. */
  dropClients(): void;
}

/** Start a broker on 127.0.0.1. */
export async function startFakeBroker(options: FakeBrokerOptions = {}): Promise<FakeBroker> {
  const { authenticate = () => 0, authorizeSubscribe = () => true, hangUpOn = () => false } =
    options;
  const aedes = await Aedes.createBroker();
  aedes.authenticate = (_client, username, password, done) => {
    const returnCode = authenticate(username, password?.toString());
    if (returnCode === 0) return done(null, true);
    done(Object.assign(new Error("refused"), { returnCode }), null);
  };
  aedes.authorizeSubscribe = (client, subscription, done) => {
    if (hangUpOn(subscription.topic)) client?.close();
    else done(null, authorizeSubscribe(subscription.topic) ? subscription : null);
  };
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    aedes.handle(socket);
  });
  const filters = new Set<string>();
  const waiting: { filter: string; resolve: () => void }[] = [];
  aedes.on("subscribe", (subscriptions) => {
    for (const { topic } of subscriptions) {
      filters.add(topic);
      for (const one of waiting) if (one.filter === topic) one.resolve();
    }
  });
  const unsubscribed: string[] = [];
  aedes.on("unsubscribe", (given) => unsubscribed.push(...given));
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const { port } = address;
  let closed = false;
  return {
    port,
    url: `tcp://127.0.0.1:${port}`,
    sockets,
    unsubscribed,
    get accepted() {
      return accepted;
    },
    async subscribed(filter) {
      if (filters.has(filter)) return;
      await new Promise<void>((resolve) => waiting.push({ filter, resolve }));
    },
    publish: (topic, payload, qos = 0) =>
      new Promise((resolve, reject) => {
        const message = { topic, payload: Buffer.from(payload), qos, retain: false, dup: false };
        aedes.publish({ cmd: "publish", ...message }, (error) => error ? reject(error) : resolve());
      }),
    dropClients() {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
