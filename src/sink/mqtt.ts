import {
  connectMqtt,
  freeClientId,
  type MqttConnection,
  mqttConnectionProps,
  type MqttOptions,
  readFlagProp,
  readQos,
  readTextProp,
  wrongProp,
} from "../connection/mod.ts";
import {
  NotConnected,
  type Props,
  type Sink,
  type SinkContext,
  type SinkItem,
} from "../contract/mod.ts";
import { KuiperError, systemClock } from "../core/mod.ts";
import { Backoff } from "../flow/mod.ts";

/** Most bytes of a packet behind its length, as the protocol has it. */
const MOST_BYTES = 268_435_455;
/** Bytes in a packet beside topic and payload: their lengths, the packet's number, and that it has no properties. */
const MORE_BYTES = 5;

/**
 * The sink `mqtt`: each item is a message to `topic`. At QoS 1 an item is taken when the broker has acknowledged it.
 *
 * - **Too large**: what no packet of MQTT holds is refused; to try it would end the connection each time.
 * - **Absent**: a broker that is away is connected to again; the items wait meanwhile, and at QoS 1 none is lost.
 */
export class MqttSink implements Sink {
  #options: MqttOptions | undefined;
  #topic = "";
  #mostBytes = 0;
  #qos: 0 | 1 = 0;
  #retain = false;
  #connection: MqttConnection | undefined;
  #connecting: Promise<MqttConnection> | undefined;
  readonly #over = new AbortController();
  #reconnecting: Promise<void> = Promise.resolve();

  /** @throws TypeError that names the property, its value and the cure. */
  configure(props: Props, ctx: SinkContext): void {
    const topic = readTextProp(props, "topic");
    if (topic === undefined || /[+#\0]/.test(topic)) {
      throw wrongProp("topic", topic, "the topic to publish to, without + and #");
    }
    this.#topic = topic;
    this.#mostBytes = MOST_BYTES - MORE_BYTES - new TextEncoder().encode(topic).length;
    this.#qos = readQos(props, 0);
    this.#retain = readFlagProp(props, "retained") ?? false;
    const given = readTextProp(props, "clientid") ?? readTextProp(props, "clientId");
    const clientId = given === undefined
      ? freeClientId(ctx.ruleId)
      : ctx.instanceId === 0
      ? given
      : `${given}-${ctx.instanceId}`;
    this.#options = { ...mqttConnectionProps(props), clientId, clean: true };
  }

  async open(ctx: SinkContext): Promise<void> {
    try {
      await this.#connectOnce(ctx);
    } catch (error) {
      throw maybeLater(error);
    }
  }

  async collect(items: readonly SinkItem[], ctx: SinkContext): Promise<void> {
    const messages = items.flatMap((item, i) => {
      if (!("payload" in item)) return [];
      const { payload } = item;
      if (payload.byteLength <= this.#mostBytes) return [{ topic: this.#topic, payload }];
      const most = `at most ${this.#mostBytes} go into a packet of MQTT`;
      ctx.refuse(i, `it has ${payload.byteLength} bytes, ${most}`);
      return [];
    });
    try {
      const connection = this.#connection ?? await this.#connectOnce(ctx);
      await connection.publish(messages, { qos: this.#qos, retain: this.#retain });
    } catch (error) {
      throw maybeLater(error);
    }
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#reconnecting;
    await this.#connection?.close();
  }

  /** What is handed over while it is connected to again waits for the same connection. */
  #connectOnce(ctx: SinkContext): Promise<MqttConnection> {
    return this.#connecting ??= this.#connect(ctx).finally(() => this.#connecting = undefined);
  }

  /** An idle sink would not see that the broker is back before its next item, and would not be ready until then. */
  async #reconnect(ctx: SinkContext): Promise<void> {
    const backoff = new Backoff();
    const signal = AbortSignal.any([ctx.signal, this.#over.signal]);
    while (!signal.aborted && this.#connection === undefined) {
      try {
        await systemClock.sleep(backoff.next(), signal);
        if (this.#connection === undefined) await this.#connectOnce(ctx);
      } catch (error) {
        // Said as its status. What trying again does not mend, the next item will say.
        if (!(error instanceof KuiperError) || error.code !== "not_connected") return;
      }
    }
  }

  async #connect(ctx: SinkContext): Promise<MqttConnection> {
    const options = this.#options!;
    ctx.status("connecting", `connecting to ${options.server}`);
    let connection: MqttConnection;
    try {
      connection = await connectMqtt(options, {
        onMessage: (_message, done) => done(),
        mostBytes: () => 0,
        signal: AbortSignal.any([ctx.signal, this.#over.signal]),
      });
    } catch (error) {
      if (error instanceof KuiperError) ctx.status("disconnected", error.message);
      throw error;
    }
    this.#connection = connection;
    ctx.status("connected", `connected to ${options.server}, publishes to ${this.#topic}`);
    void connection.closed.then((error) => {
      this.#connection = undefined;
      if (error === undefined) return;
      ctx.status("disconnected", error.message);
      this.#reconnecting = this.#reconnect(ctx);
    });
    return connection;
  }
}

/** What trying again may mend asks the engine to do so. */
function maybeLater(error: unknown): unknown {
  if (!(error instanceof KuiperError) || error.code !== "not_connected") return error;
  return new NotConnected(error.message, { cause: error });
}
