/**
 * Clients of what lies outside, with their errors in sentences; sources and sinks use them. Imports `core`, `flow` and
 * `contract`.
 *
 * @module
 */
export type { MqttMessage, MqttOptions, MqttTls } from "./mqtt_options.ts";
export type { MqttUse } from "./mqtt.ts";
export { connectMqtt, MqttConnection } from "./mqtt.ts";
