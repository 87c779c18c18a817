import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";
import { Aedes } from "aedes";

/** Milliseconds between two messages. */
const INTERVAL_MS = 500;
const SENSORS = ["north", "east", "south", "west"];

/** A broker with something to read, on a free port of 127.0.0.1. */
export interface DemoBroker extends AsyncDisposable {
  /** `tcp://127.0.0.1:<port>` */
  readonly url: string;
}

/** Start a broker and publish a made-up reading of a sensor to `topic` every half second. */
export async function startDemoBroker(topic: string): Promise<DemoBroker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    aedes.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new TypeError("Cannot start the demo's broker: it got no port");
  }
  let count = 0;
  const timer = setInterval(() => {
    const payload = Buffer.from(JSON.stringify(reading(count++)));
    const message = { topic, payload, qos: 0, retain: false, dup: false } as const;
    // Without a reader the message is for nobody: there is nothing to do about an error.
    aedes.publish({ cmd: "publish", ...message }, () => {});
  }, INTERVAL_MS);
  return {
    url: `tcp://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The n-th reading: the sensors in turn, warm and dry in waves. */
function reading(n: number): { sensor: string; temperature: number; humidity: number } {
  const wave = Math.sin(n / 7);
  return {
    sensor: SENSORS[n % SENSORS.length]!,
    temperature: Math.round(10 * (21 + 4 * wave + Math.random())) / 10,
    humidity: Math.round(45 - 10 * wave + 3 * Math.random()),
  };
}
