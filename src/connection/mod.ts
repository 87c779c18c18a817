/**
 * Clients of what lies outside, with their errors in sentences; sources and sinks use them. Imports `core`, `flow` and
 * `contract`.
 *
 * @module
 */
export type { MqttMessage, MqttOptions, MqttTls } from "./mqtt_options.ts";
export type { MqttUse } from "./mqtt.ts";
export { connectMqtt, MqttConnection } from "./mqtt.ts";
export type { MqttMember, MqttMembership, MqttMoveReason } from "./mqtt_member.ts";
export type { MqttRequest } from "./mqtt_pool.ts";
export { MqttPool, mqttPool } from "./mqtt_pool.ts";
export {
  freeClientId,
  mqttConnectionProps,
  readFlagProp,
  readQos,
  readTextProp,
  wrongProp,
} from "./mqtt_props.ts";
export type { MemoryMessage } from "./memory_bus.ts";
export { checkMemoryTopic, MemoryBus, memoryBus, memoryTopicMatches } from "./memory_bus.ts";
