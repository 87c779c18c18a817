import { findMosquitto, startMosquitto } from "../../fakes/mod.ts";
import { runChild, startChild } from "../child.ts";
import { judge, type Row } from "../measure.ts";
import type { Subscribed } from "./meter.ts";

const ROUNDS = 5;
const MESSAGES = 300_000;

/** Row A: what a message costs the process that subscribes, and how much memory it has at the highest. */
export async function measureMqtt(): Promise<Row[]> {
  await using broker = await startBroker();
  const bare: Subscribed[] = [];
  const stream: Subscribed[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await subscribe({ script: "mqtt/bare.ts", url: broker.url, messages: MESSAGES }));
    stream.push(await subscribe({ script: "mqtt/stream.ts", url: broker.url, messages: MESSAGES }));
  }
  const note =
    `${MESSAGES} messages of 100 bytes at QoS 0, ${broker.name}; base: the mqtt client with an empty handler`;
  return [
    judge(
      { row: "A", what: "mqtt to stream, CPU of the subscriber", unit: "us/msg", note },
      { atMost: 1.5 },
      { base: bare.map((one) => one.cpuUs), measured: stream.map((one) => one.cpuUs) },
    ),
    judge(
      { row: "A", what: "mqtt to stream, highest RSS", unit: "MB" },
      { atMostPlus: 40 },
      { base: bare.map((one) => one.peakMb), measured: stream.map((one) => one.peakMb) },
    ),
  ];
}

/**
 * One subscriber, and one publisher that begins when it is there. The subscriber reads when all has been published:
 * with so much before it the broker is never what it waits for, and what a message costs depends on nobody else.
 */
export async function subscribe(
  { script, url, messages, more = [] }: {
    script: string;
    url: string;
    messages: number;
    /** Further arguments of the script. */
    more?: readonly string[];
  },
): Promise<Subscribed> {
  await using subscriber = startChild(script, [url, messages, ...more]);
  await subscriber.next<"subscribed">();
  await runChild("mqtt/publisher.ts", [url, messages]);
  await subscriber.release();
  return await subscriber.next<Subscribed>();
}

/** mosquitto where it is installed, else a broker in a process of its own. */
export async function startBroker(): Promise<AsyncDisposable & { url: string; name: string }> {
  if (findMosquitto() !== undefined) {
    const broker = await startMosquitto();
    return {
      url: broker.url,
      name: "mosquitto",
      [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
    };
  }
  const child = startChild("mqtt/broker.ts");
  const url = await child.next<string>();
  return { url, name: "aedes", [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
