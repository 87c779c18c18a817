import {
  freeClientId,
  mqttConnectionProps,
  type MqttOptions,
  readFlagProp,
  readQos,
  readTextProp,
  wrongProp,
} from "../connection/mod.ts";
import type { Props } from "../contract/mod.ts";
import { isShared, namesTopics, parseTopics } from "./mqtt_topics.ts";

/**
 * How long the broker keeps what we have not read:
 *
 * - `kept`: also between two runs. The next run with the same client id goes on where this one ended.
 * - `run`: over lost connections, until the stream ends.
 * - `none`: what arrives while there is no connection is lost.
 */
export type MqttSession = "kept" | "run" | "none";

/** Everything that one instance of the mqtt source was told, checked. */
export interface MqttSettings {
  readonly connection: Readonly<MqttOptions>;
  readonly filters: readonly string[];
  readonly qos: 0 | 1;
  readonly session: MqttSession;
  /** Most bytes of a payload, `Infinity` for no limit. */
  readonly mostBytes: number;
  /** Whether the client may bring messages of other streams, too. */
  readonly shared: boolean;
}

/** Which instance the settings are for. */
export interface MqttInstance {
  streamId: string;
  instanceId: number;
}

/**
 * Settings of an instance from a stream's DATASOURCE and the properties of `etc/mqtt_source.yaml`.
 *
 * @throws TypeError that names the property, its value and the cure. A secret is never told.
 */
export function mqttSettings(
  datasource: string,
  props: Props,
  instance: MqttInstance,
): MqttSettings {
  const connection = mqttConnectionProps(props);
  const group = readTextProp(props, "sharedSubscription");
  if (group !== undefined && !/^[^/+#\s]+$/.test(group)) {
    throw wrongProp("sharedSubscription", group, "the name of a group without /, +, # and spaces");
  }
  const filters = parseTopics(datasource, group);
  checkConcurrency(props, filters, instance);
  const qos = readQos(props, 1);
  const clientid = readTextProp(props, "clientid");
  const session = readSession(props, qos, clientid);
  const shares = readFlagProp(props, "shareConnection") ?? true;
  return {
    // Whoever has a name or a group is told apart by the broker.
    shared: shares && clientid === undefined && session !== "kept" && filters.every(namesTopics),
    filters,
    qos,
    session,
    mostBytes: readMostBytes(props),
    connection: {
      ...connection,
      clientId: instanceClientId(clientid, instance),
      clean: session === "none",
    },
  };
}

/** Of `maxTupleBytes`, which the engine has checked; without it, as the engine has it. */
function readMostBytes({ maxTupleBytes }: Props): number {
  if (typeof maxTupleBytes !== "number") return 16_777_216;
  return maxTupleBytes > 0 ? maxTupleBytes : Infinity;
}

/** Without a shared subscription each instance would get every message. */
function checkConcurrency(
  props: Props,
  filters: readonly string[],
  instance: MqttInstance,
): void {
  const several = instance.instanceId > 0 ||
    typeof props.concurrency === "number" && props.concurrency > 1;
  const lonely = filters.find((filter) => !isShared(filter));
  if (several && lonely !== undefined) {
    throw new TypeError(
      `"concurrency" is ${props.concurrency ?? "more than 1"} and the topic "${lonely}" is not ` +
        "shared, so that every instance would get each message: set sharedSubscription to the " +
        "name of a group, or concurrency to 1",
    );
  }
}

function readSession(props: Props, qos: 0 | 1, clientid: string | undefined): MqttSession {
  const enabled = readFlagProp(props, "enableClientSession");
  if (enabled === true && clientid === undefined) {
    throw new TypeError(
      '"enableClientSession" is true and "clientid" is not set: a session that outlives the ' +
        "stream is found again by its clientid, set one that no other client has",
    );
  }
  if (enabled === false) return "none";
  if (enabled === true || (qos === 1 && clientid !== undefined)) return "kept";
  return qos === 1 ? "run" : "none";
}

/** The instances of one stream are clients of their own; a client without a name gets one that is free. */
function instanceClientId(clientid: string | undefined, instance: MqttInstance): string {
  const { streamId, instanceId } = instance;
  const base = clientid ?? freeClientId(streamId);
  return instanceId === 0 ? base : `${base}-${instanceId}`;
}
