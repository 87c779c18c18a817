/**
 * Roads to the network and to variables that are walked with one defence out after the other, too: see layers_test.ts.
 *
 * @module
 */
import { asks, type Attempt, type Road, SECRET_NAME } from "./_venue.ts";

/** As {@link asks}, of a plugin that lived to tell. */
const reaches = (code: string): Attempt => ({
  code,
  hit: (got, walked) => got !== undefined && asks(code).hit!(got, walked),
});

/** What needs a grant of its kind at all. */
export const BESIDE: Road = {
  attempts: {
    variable: `Deno.env.get("${SECRET_NAME}")`,
    variables: `Deno.env.toObject().${SECRET_NAME}`,
    listen: `Deno.listen({ hostname: "127.0.0.1", port: 0 }).close() ?? "listened"`,
    serve: `Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response())
      .shutdown().then(() => "served")`,
    // Nobody listens there.
    connect: reaches(`Deno.connect({ hostname: "127.0.0.1", port: 9 })`),
    fetch: reaches(`fetch("http://127.0.0.1:9/")`),
    socket: `new WebSocket("ws://127.0.0.1:9/").readyState`,
    proxy: `Deno.createHttpClient({ proxy: { url: "http://127.0.0.1:9/" } }).close() ?? "made"`,
  },
};

/** Variables that are granted, as etc/plugins.yaml lists them. */
export const SOME_NAMES = `["KUIPER_SANDBOX", "KUIPER_OTHER_*", "PATH"]`;

/** Variables beside them. */
export const NAMES: Road = {
  permissions: `{ env: ${SOME_NAMES} }`,
  attempts: {
    get: `Deno.env.get("${SECRET_NAME}")`,
    has: `Deno.env.has("${SECRET_NAME}") || undefined`,
    object: `Deno.env.get({ toString: () => "${SECRET_NAME}" } as any)`,
    toObject: `Deno.env.toObject().${SECRET_NAME}`,
    process: `process.env.${SECRET_NAME}`,
  },
};
