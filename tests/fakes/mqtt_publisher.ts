import { Buffer } from "node:buffer";
import { connectAsync, type IClientOptions } from "mqtt";

/** Options of {@link Publisher.publish}. */
export interface PublishOptions {
  /** @default {1} */
  qos?: 0 | 1;
  /** @default {false} */
  retain?: boolean;
  /** MQTT 5 only. */
  properties?: {
    userProperties?: Record<string, string | string[]>;
    contentType?: string;
    responseTopic?: string;
    correlationData?: Uint8Array;
    messageExpiryInterval?: number;
    payloadFormatIndicator?: boolean;
  };
}

/** A client that publishes. */
export interface Publisher extends AsyncDisposable {
  /** Resolves when the broker has it: acknowledged at QoS 1, written at QoS 0. */
  publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): Promise<void>;
  /** Publish `payload(0)` to `payload(count - 1)`, a hundred on their way at a time. */
  publishMany(
    topic: string,
    count: number,
    payload: (i: number) => string | Uint8Array,
    options?: PublishOptions,
  ): Promise<void>;
}

/** Connect a publisher to `url`; `options` are the mqtt client's own. */
export async function connectPublisher(
  url: string,
  options: IClientOptions = {},
): Promise<Publisher> {
  const client = await connectAsync(url, { reconnectPeriod: 0, ...options }, false);
  const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
  const publish: Publisher["publish"] = async (topic, payload, own = {}) => {
    const { properties, ...rest } = own;
    const { correlationData, ...others } = properties ?? {};
    await client.publishAsync(topic, bufferOf(payload), {
      qos: 1,
      ...rest,
      ...(properties === undefined ? {} : {
        properties: {
          ...others,
          ...(correlationData === undefined ? {} : { correlationData: bufferOf(correlationData) }),
        },
      }),
    });
  };
  return {
    publish,
    async publishMany(topic, count, payload, own) {
      for (let from = 0; from < count; from += 100) {
        const some = Array.from({ length: Math.min(100, count - from) }, (_, i) => from + i);
        await Promise.all(some.map((i) => publish(topic, payload(i), own)));
      }
    },
    async [Symbol.asyncDispose]() {
      // Its timers end with the event, which comes a moment after the socket is gone; the broker may have hung up first.
      if (!client.stream.destroyed) await client.endAsync(!client.connected);
      await closed;
    },
  };
}

function bufferOf(payload: string | Uint8Array): Buffer {
  return typeof payload === "string" ? Buffer.from(payload, "utf8") : Buffer.from(payload);
}
