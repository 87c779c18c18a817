import { freeClientId, type MqttMoveReason, type MqttPool, mqttPool } from "../connection/mod.ts";
import {
  channel,
  type Props,
  type Source,
  type SourceChannel,
  type StreamContext,
} from "../contract/mod.ts";
import { type Clock, systemClock } from "../core/mod.ts";
import type { Backoff } from "../flow/mod.ts";
import { MqttFeed, type MqttFeedUse } from "./mqtt_feed.ts";
import { type MqttSettings, mqttSettings } from "./mqtt_settings.ts";
import { MqttSpill } from "./mqtt_spill.ts";
import { type MqttOutlet, MqttTail } from "./mqtt_tail.ts";

/** Under this name the state remembers what a kept session is subscribed to. */
const SUBSCRIBED = "subscribed";

/** What a test may put in another's place. */
export interface MqttSourceOptions {
  /** @default {systemClock} */
  clock?: Clock;
  /** @default {new Backoff()} from 100 ms to 10 s */
  backoff?: Backoff;
  /** @default {mqttPool} */
  pool?: MqttPool;
  /** A folder for a file of what finds no room in memory while a stream moves. @default {it is dropped and counted} */
  spillFolder?: string;
}

/**
 * The source of TYPE mqtt: the messages of the topics that DATASOURCE names.
 *
 * - **For ever**: a broker that is absent or lost is tried again; what cannot come right by that (a refused password,
 *   a refused subscription) ends the stream.
 * - **At least once**: at QoS 1 the broker keeps what arrives while we are gone (see `MqttSession`), and gives again
 *   what was not acknowledged. A message is acknowledged when it is in the stream's buffer; a stop delivers the
 *   buffer, a crash loses it.
 * - **Pressure**: a full buffer stops the socket from being read. See `MqttIntake` for one that stays full.
 * - **Together**: streams that connect in the same way have one client (`MqttPool`). One whose full buffer holds up the
 *   others goes on with a client of its own.
 */
export class MqttSource implements Source {
  readonly #clock: Clock;
  readonly #backoff: Backoff | undefined;
  readonly #pool: MqttPool;
  readonly #spillFolder: string | undefined;
  readonly #stop = new AbortController();
  #settings: MqttSettings | undefined;
  #running: Promise<void> | undefined;
  /** The way to a client of its own, and all that follows. */
  #moving: Promise<unknown> | undefined;
  #moved = false;

  constructor(options: MqttSourceOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#backoff = options.backoff;
    this.#pool = options.pool ?? mqttPool;
    this.#spillFolder = options.spillFolder;
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

  /** Until the stop. Throws what trying again cannot mend. */
  async #run(ctx: StreamContext, out: SourceChannel): Promise<void> {
    const feed = this.#join(ctx, out, {
      shared: this.#settings!.shared,
      skipRetained: false,
      onStatus: (status, message) => this.#moved || ctx.status(status, message),
      onMoveOut: (reason, others) => {
        this.#moving = this.#moveOut(ctx, out, { feed, reason, others });
      },
    });
    const error = await this.#untilEnd(feed);
    if (error !== undefined) this.#stop.abort();
    const later = await this.#moving;
    const failure = error ?? later;
    if (failure !== undefined) throw failure;
  }

  /**
   * Go on with a client of its own. At QoS 1 that one subscribes first: what both bring comes twice, and nothing is
   * lost. At QoS 0 nothing may come twice, so it is the other way round. Resolves with what ended the stream.
   */
  async #moveOut(
    ctx: StreamContext,
    out: SourceChannel,
    { feed, reason, others }: { feed: MqttFeed; reason: MqttMoveReason; others: number },
  ): Promise<unknown> {
    const { qos } = this.#settings!;
    const leavesFirst = qos === 0 || reason === "unanswered";
    const folder = qos === 0 ? undefined : this.#spillFolder;
    const tail = new MqttTail(out, {
      spill: folder === undefined ? undefined : () => new MqttSpill(folder),
      onLost: (reason) =>
        ctx.log.error(
          `messages that waited while this stream moves to a client of its own are dropped: ${reason}`,
        ),
    });
    feed.divert(tail.before);
    ctx.log.warn(moveSentence(this.#settings!, reason, others));
    try {
      if (leavesFirst) await feed.leave({ deliver: true });
      if (this.#stop.signal.aborted) return undefined;
      const own = this.#join(ctx, tail.after, {
        shared: false,
        // The other client may go on under the name that this stream has.
        clientId: freeClientId(ctx.streamId),
        skipRetained: reason === "held_up",
        onStatus: (status, message) => {
          // Until the other client is there, the one before goes on.
          if (status === "connecting" && !leavesFirst) return;
          this.#moved = true;
          ctx.status(status, message);
        },
        // Nobody else is there.
        onMoveOut() {},
      });
      const ended = this.#untilEnd(own);
      await own.answered;
      if (!leavesFirst && own.wasSubscribed) await feed.leave({ deliver: true });
      tail.finish();
      return await ended;
    } finally {
      tail.finish();
      await feed.leave();
    }
  }

  #join(
    ctx: StreamContext,
    out: MqttOutlet,
    { shared, clientId, ...use }: Pick<MqttFeedUse, "skipRetained" | "onStatus" | "onMoveOut"> & {
      shared: boolean;
      clientId?: string;
    },
  ): MqttFeed {
    const settings = this.#settings!;
    const { filters, session } = settings;
    const connection = clientId === undefined
      ? settings.connection
      : { ...settings.connection, clientId };
    return new MqttFeed(out, {
      settings: { ...settings, connection },
      shared,
      pool: this.#pool,
      clock: this.#clock,
      ...(this.#backoff === undefined ? {} : { backoff: this.#backoff }),
      use: {
        ...use,
        stale: () => staleFilters(ctx.getState(SUBSCRIBED), filters),
        onSubscribed(lower) {
          if (session === "kept") ctx.putState(SUBSCRIBED, [...filters]);
          if (lower.length === 0) return;
          ctx.log.warn(
            `the broker gives ${lower.map((filter) => `"${filter}"`).join(", ")} at QoS 0 only: ` +
              "what arrives while there is no connection is lost",
          );
        },
      },
    });
  }

  /** Resolves when a client is left, by itself or by the stop: with what ended it. Never rejects. */
  async #untilEnd(feed: MqttFeed): Promise<unknown> {
    const { signal } = this.#stop;
    const leave = () => void feed.leave();
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    const error = await feed.closed;
    signal.removeEventListener("abort", leave);
    await feed.leave();
    return signal.aborted ? undefined : error;
  }
}

function moveSentence(
  { qos, filters }: MqttSettings,
  reason: MqttMoveReason,
  others: number,
): string {
  if (reason === "unanswered") {
    return `the broker hung up when it was asked for ${filters.join(", ")}: ` +
      "this stream goes on with a client of its own";
  }
  const held = `the buffer was full and held up ${others} other stream${others === 1 ? "" : "s"} ` +
    "of the same client: this stream goes on with a client of its own";
  return qos === 1 ? held : `${held}; what comes before that has subscribed is lost`;
}

/** What an earlier run subscribed to and this one does not. */
function staleFilters(before: unknown, now: readonly string[]): string[] {
  if (!Array.isArray(before)) return [];
  return before.filter((filter): filter is string =>
    typeof filter === "string" && !now.includes(filter)
  );
}
