/**
 * REST: a handler from `Request` to `Response` with eKuiper's paths, bodies and error shape, and the server around
 * it. Imports the words, `sql`, `rule` and the application.
 *
 * @example
 * ```ts ignore
 * const handler = createRest(app, { settings: app.config.basic.rest, log, ... });
 * await using server = listen(handler, { ip: "127.0.0.1", port: 9081, ... });
 * ```
 *
 * @module
 */
export { isLoopback, refuseOpenBinding } from "./binding.ts";
export { flatStatus } from "./flat_status.ts";
export type { RestHandler, RestOptions, RestSettings } from "./rest.ts";
export { createRest } from "./rest.ts";
export type { QueryRun, RestApp } from "./rest_app.ts";
export type { RuleDoor, RuleSummary, RuleTopo } from "./rule_door.ts";
export type { Server, ServerOptions } from "./server.ts";
export { listen } from "./server.ts";
export { newToken } from "./token.ts";
