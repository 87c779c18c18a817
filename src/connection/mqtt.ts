import { fail, KuiperError, messageOf } from "../core/mod.ts";
import type { IConnackPacket, IPublishPacket, MqttClient, Packet } from "mqtt";
import type { Socket } from "node:net";
import { clientOptions, type MqttMessage, type MqttOptions } from "./mqtt_options.ts";
import { MqttShortcut, type ShortcutRest, type ShortcutUse } from "./mqtt_shortcut.ts";
import { connectError, lostError, publishError, subscribeError } from "./mqtt_errors.ts";
import { UnreleasedBytes } from "./mqtt_unreleased.ts";

/** Milliseconds that the other side has to take our DISCONNECT before the socket is destroyed. */
const FAREWELL_MS = 1000;
/** Most bytes of messages at QoS 2 that a broker has not released. */
const MOST_UNRELEASED = 67_108_864;
/** Bytes of what stands for a payload that was too large. */
const MARK_BYTES = 32;

/** How {@link connectMqtt} is used. */
export interface MqttUse {
  /**
   * Called for each message, in order. The next comes when `done` was called, and the socket is not read until then.
   * At QoS 1 `done` sends the acknowledgement; a message without it is delivered again when the session is resumed.
   */
  onMessage(message: MqttMessage, done: () => void): void;
  /**
   * Most bytes of a payload that are wanted, asked for each large message. One that is much larger is not kept while it
   * comes: it is handed over without its payload, as `isTooLarge`.
   */
  mostBytes(): number;
  /** Ends the attempt to connect. A connection that stands is ended by its `close`. */
  signal: AbortSignal;
}

/**
 * Connect once: resolves when the broker has accepted us.
 *
 * @throws KuiperError `not_connected` when trying again may help, `denied` when the broker does not let us in, `config`
 * when a property is wrong. `signal.reason` when it aborts.
 */
export async function connectMqtt(options: MqttOptions, use: MqttUse): Promise<MqttConnection> {
  const { signal } = use;
  signal.throwIfAborted();
  const own = await clientOptions(options);
  // Costs 20 ms and 10 MB: only who has an mqtt stream pays.
  // By its default export: a bundler knows no other of a CommonJS package.
  const { default: { MqttClient } } = await import("mqtt");
  const { openSocket } = await import("./mqtt_socket.ts");
  const mostBytes = () => use.mostBytes();
  // Nobody who sends messages can know it.
  const mark = crypto.getRandomValues(new Uint8Array(MARK_BYTES));
  signal.throwIfAborted();
  let client: MqttClient;
  try {
    client = new MqttClient(
      (client) => shortcutOf(client, openSocket(client, own), { mostBytes, mark }),
      own,
    );
  } catch (error) {
    throw connectError(error, options);
  }
  const connection = new MqttConnection(client, options, { ...use, mark });
  const abort = () => void connection.close();
  signal.addEventListener("abort", abort, { once: true });
  try {
    const failure = await connection.opened;
    if (failure !== undefined) {
      await connection.closed;
      signal.throwIfAborted();
      throw failure;
    }
    return connection;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function isMark(payload: IPublishPacket["payload"], mark: Uint8Array): boolean {
  return typeof payload !== "string" && payload.length === mark.length &&
    mark.every((byte, i) => payload[i] === byte);
}

function withoutPayload(message: IPublishPacket): MqttMessage {
  return { ...message, payload: new Uint8Array(0), isTooLarge: true };
}

/** A socket of which messages at QoS 0 go by the library, to the same place where it hands over the others. */
function shortcutOf(
  client: MqttClient,
  socket: Socket,
  use: Pick<ShortcutUse, "mostBytes" | "mark">,
): MqttClient["stream"] {
  // All that the library wants of what comes is that it is piped.
  const pipe = (rest: ShortcutRest) => {
    new MqttShortcut(socket, rest, {
      ...use,
      isVersion5: client.options.protocolVersion === 5,
      isOpen: () => client.connected,
      onMessage: (message, done) => client.handleMessage(message as IPublishPacket, done),
      refuse(why) {
        client.emit("error", new Error(why));
        socket.destroy();
      },
    });
    return rest;
  };
  return Object.assign(socket, { pipe });
}

/**
 * One connection to a broker, from the first packet to the last. It never connects again by itself.
 *
 * - **Pressure**: a message whose `done` is not called keeps the socket unread; being busy is no keep alive timeout.
 * - **Close**: says farewell, so that the broker sends no will; idempotent; whoever closes first decides the reason.
 */
export class MqttConnection implements AsyncDisposable {
  /** Resolves when the broker accepted us: with nothing, or with why it did not. Never rejects. */
  readonly opened: Promise<KuiperError | undefined>;
  /** Resolves when the socket is gone: with why, or nothing when it was we who closed. Never rejects. */
  readonly closed: Promise<KuiperError | undefined>;
  readonly #client: MqttClient;
  readonly #options: MqttOptions;
  #sessionPresent = false;
  readonly #unreleased = new UnreleasedBytes();
  #moved = false;
  #closing = false;
  #gone = false;
  #error: unknown;
  #reasonCode: number | undefined;
  /** What the broker was asked and has not answered: each is ended with the connection. */
  readonly #asked = new Set<(error: unknown) => void>();

  /** Made by {@link connectMqtt}. */
  constructor(
    client: MqttClient,
    options: MqttOptions,
    { onMessage, mark }: Pick<MqttUse, "onMessage"> & { mark: Uint8Array },
  ) {
    this.#client = client;
    this.#options = options;
    client.handleMessage = (message, done) => {
      this.#moved = true;
      onMessage(isMark(message.payload, mark) ? withoutPayload(message) : message, done);
    };
    this.#watchKeepAlive();
    client.on("packetreceive", (packet) => {
      if (lacksId(packet)) {
        this.#refuse(packet, `a ${packet.cmd.toUpperCase()} without a packet id`);
      } else if (this.#unreleased.keeps(packet) > MOST_UNRELEASED) {
        this.#refuse(packet, "ever more messages at QoS 2 and no PUBREL");
      }
    });
    client.on("disconnect", (packet) => this.#reasonCode = packet.reasonCode);
    client.on("error", (error: Error) => this.#error ??= error);
    let connected = false;
    this.opened = new Promise((resolve) => {
      client.once("connect", (packet: IConnackPacket) => {
        connected = true;
        this.#sessionPresent = packet.sessionPresent;
        resolve(undefined);
      });
      client.once("close", () => resolve(connectError(this.#error, options)));
    });
    this.closed = new Promise((resolve) => {
      client.once("close", () => {
        this.#gone = true;
        const why = connected
          ? lostError(this.#error, this.#reasonCode, options)
          : connectError(this.#error, options);
        const reason = this.#closing ? new Error("the connection is closed") : why;
        for (const end of [...this.#asked]) end(reason);
        resolve(this.#closing ? undefined : why);
      });
    });
  }

  /** The broker had a session for our client id and goes on with it. */
  get sessionPresent(): boolean {
    return this.#sessionPresent;
  }

  /** Milliseconds, as agreed with the broker; 0 is off. */
  get keepAliveMs(): number {
    return this.#client.keepalive * 1000;
  }

  /**
   * Subscribe to topic filters.
   *
   * @returns the filters for which the broker gives less than `qos`.
   * @throws KuiperError `denied` that names the filter which the broker refused, `not_connected` when it is gone.
   */
  subscribe(filters: readonly string[], qos: 0 | 1): Promise<string[]> {
    return this.#ask("subscribe", (resolve, reject) => {
      this.#client.subscribe([...filters], { qos }, (error, _subscriptions, packet) => {
        const granted = packet?.granted as number[] | undefined;
        const refused = granted?.findIndex((code) => code >= 128) ?? -1;
        if (refused >= 0) {
          reject(subscribeError(filters[refused] ?? "", granted![refused]!, this.#options));
        } else if (error !== null) {
          reject(error);
        } else {
          resolve(filters.filter((_, i) => (granted?.[i] ?? qos) < qos));
        }
      });
    });
  }

  /**
   * Publish messages, in order: resolves when the socket has taken all of them, at QoS 1 when the broker has
   * acknowledged them. The caller bounds how many that are.
   *
   * @throws KuiperError `not_connected` when the connection goes first, or the broker (version 5) takes one of them not
   * now: any of them may have arrived. `denied` where it will never take it.
   */
  publish(
    messages: readonly { topic: string; payload: Uint8Array }[],
    options: { qos: 0 | 1; retain: boolean },
  ): Promise<void> {
    return this.#ask("publish", (resolve, reject) => {
      let open = messages.length;
      if (open === 0) return resolve();
      for (const { topic, payload } of messages) {
        this.#client.publish(
          topic,
          payload as Parameters<MqttClient["publish"]>[1],
          options,
          (error) => {
            const refused = (error as { code?: unknown } | null | undefined)?.code;
            if (typeof refused === "number") {
              reject(publishError(topic, refused, error, this.#options));
            } else if (error != null) reject(error);
            else if (--open === 0) resolve();
          },
        );
      }
    });
  }

  /**
   * Give up subscriptions, also those that a session has from an earlier life.
   *
   * @throws KuiperError `not_connected` when the connection is gone.
   */
  unsubscribe(filters: readonly string[]): Promise<void> {
    return this.#ask("unsubscribe", (resolve, reject) => {
      this.#client.unsubscribe([...filters], (error) => {
        if (error == null) resolve();
        else reject(error);
      });
    });
  }

  /**
   * Say farewell and close; resolves when the socket is gone. Messages that wait for `done` stay unacknowledged.
   *
   * @param options `discardSession`: with version 5, the broker shall forget the session.
   */
  async close(options: { discardSession?: boolean } = {}): Promise<void> {
    if (!this.#closing && !this.#gone) {
      this.#closing = true;
      this.#farewell(options.discardSession === true);
    }
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ask the broker. The library forgets what it was asked when the connection is gone, so it ends with that. */
  #ask<T>(
    what: string,
    ask: (resolve: (answer: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    if (this.#gone || this.#closing) {
      return Promise.reject(fail("not_connected", `Cannot ${what}: the connection is closed`));
    }
    return new Promise((resolve, reject) => {
      const end = (error: unknown) => {
        this.#asked.delete(end);
        if (error instanceof KuiperError) reject(error);
        else reject(fail("not_connected", `Cannot ${what}: ${messageOf(error)}`, error));
      };
      this.#asked.add(end);
      ask((answer) => {
        this.#asked.delete(end);
        resolve(answer);
      }, end);
    });
  }

  #farewell(discardSession: boolean): void {
    const client = this.#client;
    const { stream } = client;
    if (!client.connected) {
      client.end(true);
      return;
    }
    // A socket that is not read never tells its end: destroy it when our side is written.
    const destroy = () => stream.destroy();
    const timer = setTimeout(destroy, FAREWELL_MS);
    stream.once("finish", destroy);
    stream.once("close", () => clearTimeout(timer));
    const properties = this.#options.protocolVersion === "5" && discardSession
      ? { properties: { sessionExpiryInterval: 0 } }
      : {};
    // end() would wait for the answers to what we asked. They are told that the connection ended when it has.
    const { outgoing } = client;
    client.outgoing = {};
    client.end(false, properties);
    client.outgoing = outgoing;
  }

  /** The library would answer: also with an id that is not there, and its error on writing that be nobody's. */
  #refuse(packet: Packet, why: string): void {
    this.#error ??= new Error(why);
    // What has no known name is passed over.
    Object.assign(packet, { cmd: "refused" });
    this.#client.stream.destroy();
  }

  /**
   * The answer to a ping waits behind the messages that were not read yet: a client that is busy with them must not
   * take that for a dead broker.
   */
  #watchKeepAlive(): void {
    const client = this.#client;
    const timeout = client.onKeepaliveTimeout.bind(client);
    client.onKeepaliveTimeout = () => {
      if (!this.#moved) return timeout();
      this.#moved = false;
      // The broker waits for a sign of life, too.
      client.sendPing();
    };
  }
}

/** Whether a packet that is answered by its id has none: the library says -1 where it is cut off. */
function lacksId(packet: Packet): boolean {
  const isAnswered = packet.cmd === "pubrel" || packet.cmd === "publish" && packet.qos > 0;
  return isAnswered && !(packet.messageId !== undefined && packet.messageId > 0);
}
