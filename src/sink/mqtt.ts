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
import { KuiperError } from "../core/mod.ts";

/**
 * The sink `mqtt`: each item is a message to `topic`. At QoS 1 an item is taken when the broker has acknowledged it.
 *
 * - **Absent**: a broker that is away is connected to again; the items wait meanwhile, and at QoS 1 none is lost.
 */
export class MqttSink implements Sink {
  readonly takes = "bytes";
  #options: MqttOptions | undefined;
  #topic = "";
  #qos: 0 | 1 = 0;
  #retain = false;
  #connection: MqttConnection | undefined;

  /** @throws TypeError that names the property, its value and the cure. */
  configure(props: Props, ctx: SinkContext): void {
    const topic = readTextProp(props, "topic");
    if (topic === undefined || /[+#\0]/.test(topic)) {
      throw wrongProp("topic", topic, "the topic to publish to, without + and #");
    }
    this.#topic = topic;
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
      await this.#connect(ctx);
    } catch (error) {
      throw maybeLater(error);
    }
  }

  async collect(items: readonly SinkItem[], ctx: SinkContext): Promise<void> {
    const messages = items.flatMap((item) =>
      "payload" in item ? [{ topic: this.#topic, payload: item.payload }] : []
    );
    try {
      const connection = this.#connection ?? await this.#connect(ctx);
      await connection.publish(messages, { qos: this.#qos, retain: this.#retain });
    } catch (error) {
      throw maybeLater(error);
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  async #connect(ctx: SinkContext): Promise<MqttConnection> {
    const options = this.#options!;
    ctx.status("connecting", `connecting to ${options.server}`);
    let connection: MqttConnection;
    try {
      connection = await connectMqtt(options, {
        onMessage: (_message, done) => done(),
        signal: ctx.signal,
      });
    } catch (error) {
      if (error instanceof KuiperError) ctx.status("disconnected", error.message);
      throw error;
    }
    this.#connection = connection;
    ctx.status("connected", `connected to ${options.server}, publishes to ${this.#topic}`);
    void connection.closed.then((error) => {
      this.#connection = undefined;
      if (error !== undefined) ctx.status("disconnected", error.message);
    });
    return connection;
  }
}

/** What trying again may mend asks the engine to do so. */
function maybeLater(error: unknown): unknown {
  if (!(error instanceof KuiperError) || error.code !== "not_connected") return error;
  return new NotConnected(error.message, { cause: error });
}
