/** Stand-ins for what lies outside, shared by unit and end-to-end tests. */
export type { FakeBroker, FakeBrokerOptions } from "./mqtt_broker.ts";
export { startFakeBroker } from "./mqtt_broker.ts";
export type { Mosquitto, MosquittoOptions } from "./mosquitto.ts";
export { findMosquitto, mosquittoTest, startMosquitto } from "./mosquitto.ts";
export type { Certificates } from "./certificates.ts";
export { ENDLESS } from "./endless.ts";
export { makeCertificates } from "./certificates.ts";
export type { Publisher, PublishOptions } from "./mqtt_publisher.ts";
export { connectPublisher } from "./mqtt_publisher.ts";
export type { ModuleRoute, ModuleServer, ModuleServerOptions } from "./module_server.ts";
export { failing, hanging, module, redirect, startModuleServer } from "./module_server.ts";
export { lastTurn } from "./last_turn.ts";
export { HeldClock } from "./held_clock.ts";
export type { HeldStill } from "./held_still.ts";
export { holdStill } from "./held_still.ts";
export { SINK_COMMON } from "./sink_common.ts";
