import { type Clock, systemClock } from "../core/mod.ts";
import { Backoff } from "../flow/mod.ts";
import type { MqttMember, MqttMembership } from "./mqtt_member.ts";
import type { MqttOptions } from "./mqtt_options.ts";
import { MqttSharedClient } from "./mqtt_shared_client.ts";

/** What a stream asks an {@link MqttPool} for. */
export interface MqttRequest {
  /** Its `clientId` is the name of a client that is made for it, and says nothing of who may share it. */
  readonly connection: Readonly<MqttOptions>;
  readonly qos: 0 | 1;
  /** The session shall not outlive the client. */
  readonly forgetSession: boolean;
  /** Others may have the client, too. */
  readonly shared: boolean;
  /** For a client that is made. @default {systemClock} */
  readonly clock?: Clock;
  /** For a client that is made. @default {new Backoff()} from 100 ms to 10 s */
  readonly backoff?: Backoff;
}

/**
 * The clients of the streams: streams that would connect in the same way have one, unless their topics overlap.
 *
 * - **Disjoint**: a message belongs to one member of a client, so that nothing depends on what a broker does with
 *   subscriptions that overlap, and each stream gets its retained messages.
 * - **Nothing is kept**: a client ends with its last member.
 */
export class MqttPool {
  readonly #clients = new Map<string, Set<MqttSharedClient>>();

  /** How many clients may be shared now. */
  get size(): number {
    let size = 0;
    for (const clients of this.#clients.values()) size += clients.size;
    return size;
  }

  /** Bring a stream to a client that exists, or to a new one. */
  join(request: MqttRequest, member: MqttMember): MqttMembership {
    if (!request.shared) return makeClient(request, () => {}).join(member);
    const key = keyOf(request);
    const clients = this.#clients.get(key) ?? new Set();
    this.#clients.set(key, clients);
    for (const client of clients) {
      if (client.welcomes(member.filters)) return client.join(member);
    }
    const client = makeClient(request, () => {
      clients.delete(client);
      if (clients.size === 0) this.#clients.delete(key);
    });
    clients.add(client);
    return client.join(member);
  }
}

/** The one pool of the program. */
export const mqttPool: MqttPool = new MqttPool();

function makeClient(request: MqttRequest, onOver: () => void): MqttSharedClient {
  const { clock = systemClock, backoff = new Backoff() } = request;
  return new MqttSharedClient({ ...request, clock, backoff, onOver });
}

/** Two requests with the same key would connect in the same way. */
function keyOf({ connection, qos, forgetSession }: MqttRequest): string {
  const { clientId: _, ...same } = connection;
  return JSON.stringify([qos, forgetSession, same]);
}
