import { connectMqtt, type MqttConnection } from "../connection/mod.ts";
import {
  channel,
  type Props,
  type Source,
  type SourceChannel,
  type StreamContext,
} from "../contract/mod.ts";
import { type Clock, formatDuration, KuiperError, messageOf, systemClock } from "../core/mod.ts";
import { Backoff } from "../flow/mod.ts";
import { MqttIntake } from "./mqtt_intake.ts";
import { type MqttSettings, mqttSettings } from "./mqtt_settings.ts";

/** A connection that stood for so long was a good one: the next attempt comes soon again. */
const STEADY_MS = 5000;
/** Milliseconds that forgetting a session may take at the end of a stream. */
const FORGET_MS = 1000;
/** Under this name the state remembers what a kept session is subscribed to. */
const SUBSCRIBED = "subscribed";

/** What a test may put in another's place. */
export interface MqttSourceOptions {
  /** @default {systemClock} */
  clock?: Clock;
  /** @default {new Backoff()} from 100 ms to 10 s */
  backoff?: Backoff;
}

/**
 * The source of TYPE mqtt: the messages of the topics that DATASOURCE names.
 *
 * - **For ever**: a broker that is absent or lost is tried again; what cannot come right by that (a refused password,
 *   a refused subscription) ends the stream.
 * - **At least once**: at QoS 1 the broker keeps what arrives while we are gone (see `MqttSession`), and gives again
 *   what was not acknowledged. A message is acknowledged when it is in the stream's buffer; a stop delivers the
 *   buffer, a crash loses it.
 * - **Pressure**: a full buffer stops the socket from being read. See {@link MqttIntake} for one that stays full.
 */
export class MqttSource implements Source {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  #settings: MqttSettings | undefined;
  #running: Promise<void> | undefined;
  #connection: MqttConnection | undefined;
  /** The session has our subscriptions: the broker need not be asked again while it keeps it. */
  #subscribed = false;
  #wasConnected = false;

  constructor(options: MqttSourceOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#backoff = options.backoff ?? new Backoff();
  }

  /** @throws TypeError that names the property, its value and the cure. */
  configure(datasource: string, props: Props, ctx: StreamContext): void {
    this.#settings = mqttSettings(datasource, props, ctx);
  }

  open(ctx: StreamContext): SourceChannel {
    const out = channel(ctx);
    this.#running = this.#run(ctx, out).catch((error) => out.close(error));
    return out;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Connect, again and again, until the stop. Throws what trying again cannot mend. */
  async #run(ctx: StreamContext, out: SourceChannel): Promise<void> {
    const settings = this.#settings!;
    const { server } = settings.connection;
    const intake = new MqttIntake(out, {
      resumable: settings.qos === 1 && settings.session !== "none",
      patienceMs: settings.connection.keepAliveMs / 2,
      onStalled: () => void this.#connection?.close(),
    });
    ctx.status("connecting", `connecting to ${server}`);
    try {
      await this.#connectAgain(ctx, intake);
    } finally {
      if (settings.session === "run" && this.#wasConnected) await this.#forgetSession();
    }
  }

  async #connectAgain(ctx: StreamContext, intake: MqttIntake): Promise<void> {
    const { signal } = this.#stop;
    const { server } = this.#settings!.connection;
    while (true) {
      let lost: KuiperError | undefined;
      try {
        lost = await this.#connected(ctx, intake);
      } catch (error) {
        if (signal.aborted) return;
        lost = this.#mayComeRight(error);
      }
      if (signal.aborted) return;
      if (lost === undefined) {
        ctx.status(
          "disconnected",
          `disconnected from ${server}: the buffer was full for more than ` +
            `${formatDuration(intake.patienceMs)}, the broker keeps the rest until there is room`,
        );
        await intake.ready();
        continue;
      }
      const ms = this.#backoff.next();
      const message = `${lost.message}; trying again in ${formatDuration(ms)}`;
      ctx.status("disconnected", message);
      await this.#clock.sleep(ms, signal).catch(() => {});
      if (signal.aborted) return;
      if (intake.holding) await intake.ready();
    }
  }

  /** One connection, from its first packet to its end: why it was lost, or nothing when we ended it. */
  async #connected(ctx: StreamContext, intake: MqttIntake): Promise<KuiperError | undefined> {
    const { signal } = this.#stop;
    const settings = this.#settings!;
    const { connection: options } = settings;
    const connection = await connectMqtt(options, {
      onMessage: (message, done) => intake.take(message, done),
      signal,
    });
    this.#connection = connection;
    this.#wasConnected = true;
    const since = this.#clock.now();
    intake.patienceMs = connection.keepAliveMs / 2;
    const discardSession = settings.session === "run";
    const farewell = () => void connection.close({ discardSession });
    signal.addEventListener("abort", farewell, { once: true });
    if (signal.aborted) farewell();
    try {
      await this.#subscribe(ctx, connection);
      ctx.status(
        "connected",
        `connected to ${options.server}, subscribed to ${settings.filters.join(", ")}`,
      );
      const lost = await connection.closed;
      if (this.#clock.now() - since >= STEADY_MS) this.#backoff.reset();
      return lost;
    } catch (error) {
      if (error instanceof KuiperError && error.code === "not_connected") {
        // It went away while it was asked: its end tells more than the question that failed.
        return await connection.closed;
      }
      await connection.close({ discardSession });
      throw error;
    } finally {
      signal.removeEventListener("abort", farewell);
      this.#connection = undefined;
      intake.disconnected();
    }
  }

  async #subscribe(ctx: StreamContext, connection: MqttConnection): Promise<void> {
    const { filters, qos, session } = this.#settings!;
    if (connection.sessionPresent) {
      // Asking again would bring the retained messages again.
      if (this.#subscribed) return;
      const stale = staleFilters(ctx.getState(SUBSCRIBED), filters);
      if (stale.length > 0) await connection.unsubscribe(stale);
    }
    const lower = await connection.subscribe(filters, qos);
    if (lower.length > 0) {
      ctx.log.warn(
        `the broker gives ${lower.map((filter) => `"${filter}"`).join(", ")} at QoS 0 only: ` +
          "what arrives while there is no connection is lost",
      );
    }
    this.#subscribed = true;
    if (session === "kept") ctx.putState(SUBSCRIBED, [...filters]);
  }

  /** The error if trying again may help, else it is thrown. What worked once is tried again, but for a refusal. */
  #mayComeRight(error: unknown): KuiperError {
    if (!(error instanceof KuiperError)) throw error;
    if (error.code === "not_connected") return error;
    if (error.code === "config" && this.#wasConnected) return error;
    throw error;
  }

  /** With version 5 the farewell has said it; before, a session ends when its client asks for a clean one. */
  async #forgetSession(): Promise<void> {
    const { connection: options } = this.#settings!;
    if (options.protocolVersion === "5") return;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), FORGET_MS);
    try {
      const connection = await connectMqtt({ ...options, clean: true }, {
        onMessage: (_message, done) => done(),
        signal: late.signal,
      });
      await connection.close();
    } catch (error) {
      // The broker is gone: it will drop the session by its own rules.
      void messageOf(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What an earlier run subscribed to and this one does not. */
function staleFilters(before: unknown, now: readonly string[]): string[] {
  if (!Array.isArray(before)) return [];
  return before.filter((filter): filter is string =>
    typeof filter === "string" && !now.includes(filter)
  );
}
