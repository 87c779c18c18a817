import type {
  MqttMember,
  MqttMessage,
  MqttMoveReason,
  MqttOptions,
  MqttRequest,
} from "../../../src/connection/mod.ts";
import { Backoff } from "../../../src/flow/mod.ts";

/** The payload of a message as text. */
export function textOf({ payload }: Pick<MqttMessage, "payload">): string {
  return typeof payload === "string" ? payload : new TextDecoder().decode(payload);
}

/** A stream that notes what it gets and what it is told. */
export class FakeMember implements MqttMember {
  readonly stale: string[] = [];
  readonly mostBytes = 1_000_000;
  readonly texts: string[] = [];
  readonly statuses: string[] = [];
  readonly moves: [MqttMoveReason, number][] = [];
  /** It takes nothing until {@link FakeMember.release}. */
  full = false;
  #held: (() => void) | undefined;
  #waiting: { holds: () => boolean; resolve: () => void }[] = [];
  #read = 0;

  constructor(readonly filters: readonly string[]) {}

  get holding(): boolean {
    return this.#held !== undefined;
  }

  take(message: MqttMessage, done: () => void): void {
    const text = textOf(message);
    if (!this.full) {
      this.texts.push(text);
      done();
    } else {
      this.#held = () => {
        this.texts.push(text);
        done();
      };
    }
    this.#tell();
  }

  /** Take what is held, and from now on everything. */
  release(): void {
    this.full = false;
    const held = this.#held;
    this.#held = undefined;
    held?.();
    this.#tell();
  }

  ready(): Promise<void> {
    return this.until(() => !this.full);
  }

  connected(): void {}

  subscribed(): void {}

  disconnected(): void {
    this.#held = undefined;
  }

  status(status: string, message: string): void {
    this.statuses.push(`${status}: ${message}`);
    this.#tell();
  }

  moveOut(reason: MqttMoveReason, others: number): void {
    this.moves.push([reason, others]);
    this.#tell();
  }

  /** Resolves when `holds` is true; asked after each message and status. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ holds, resolve }));
  }

  /** Resolves when a status matches that was told after the last one that matched. */
  async told(pattern: RegExp): Promise<string> {
    const find = () => this.statuses.findIndex((one, i) => i >= this.#read && pattern.test(one));
    await this.until(() => find() >= 0);
    const found = find();
    this.#read = found + 1;
    return this.statuses[found]!;
  }

  #tell(): void {
    this.#waiting = this.#waiting.filter(({ holds, resolve }) => {
      if (!holds()) return true;
      resolve();
      return false;
    });
  }
}

/** What a test asks for other than {@link request} does by itself. */
export type RequestChange = Partial<Omit<MqttRequest, "connection">> & {
  connection?: Partial<MqttOptions>;
};

/** A request for the broker at `server`, at QoS 1 unless `changed` says otherwise. */
export function request(server: string, changed: RequestChange = {}): MqttRequest {
  const qos = changed.qos ?? 1;
  return {
    qos,
    forgetSession: qos === 1,
    shared: true,
    backoff: new Backoff({ firstMs: 1, maxMs: 5, jitter: 0 }),
    ...changed,
    connection: {
      server,
      protocolVersion: "3.1.1",
      clientId: `kuiper-test-${crypto.randomUUID().slice(0, 8)}`,
      clean: qos === 0,
      sessionExpirySeconds: 86_400,
      keepAliveMs: 60_000,
      connectTimeoutMs: 10_000,
      tls: { insecureSkipVerify: false },
      ...changed.connection,
    },
  };
}
