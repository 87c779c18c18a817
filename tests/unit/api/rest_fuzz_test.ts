/**
 * Random and mutated requests to a server over a real application. Whatever comes, the answer is one that the
 * documentation knows, in the error shape, with no stack and no path in it. The name shows the seed;
 * KUIPER_FUZZ_SEED repeats a run.
 */
import { assert, assertEquals } from "@std/assert";
import { App } from "../../../src/app.ts";
import { createRest } from "../../../src/api/mod.ts";
import { createLogger } from "../../../src/core/mod.ts";
import { anyValue, Dice, fuzzSeed, mutate, mutateBytes } from "../../fakes/fuzz.ts";

const SEED = fuzzSeed();
const REQUESTS = 3000;
const MAX_BODY_BYTES = 20_000;

const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "QUERY", "get"];
const NAMES = [
  "demo",
  "r1",
  "..",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "__proto__",
  "constructor",
  "%00",
  "%E0%A4%A",
  "a%2Fb",
  "é",
  "status",
  "validate",
  "x".repeat(3000),
  "%27;DROP%20TABLE%20streams;--",
];
const PATHS = [
  "/",
  "/ping",
  "/ready",
  "/metrics",
  "/streams",
  "/streamdetails",
  "/streams/*",
  "/streams/*/schema",
  "/rules",
  "/rules/*",
  "/rules/*/status",
  "/v2/rules/*/status",
  "/rules/status/all",
  "/rules/*/topo",
  "/rules/*/explain",
  "/rules/*/start",
  "/rules/*/stop",
  "/rules/validate",
  "/plugins/sources",
  "/plugins/*",
  "/plugins/sources/*",
  "/query",
  "/*",
  "/*/*/*",
  "//",
];
const SQL = [
  'CREATE STREAM demo () WITH (DATASOURCE="a", TYPE="simulated")',
  'CREATE STREAM `a/b` (id BIGINT, s STRUCT(a ARRAY(FLOAT))) WITH (EXTRA=\'{"password": "p"}\')',
  "DROP STREAM demo",
  "DESCRIBE STREAM `../../x`",
  "SHOW STREAMS",
  'CREATE STREAM p () WITH (TYPE="../../etc/passwd", CONF_KEY="../x")',
];
const HEADERS: readonly Record<string, string>[] = [
  {},
  {},
  {},
  { "content-type": "multipart/form-data" },
  { "content-length": "99999999999" },
  { "content-length": "-1" },
  { origin: "https://evil.example" },
  { host: "evil.example" },
  { host: "[::1]:x" },
  { host: "" },
  { authorization: "Bearer \u00ff" },
  { "sec-fetch-site": "cross-site" },
  { "x-forwarded-host": "a", "x-http-method-override": "DELETE", forwarded: "host=a" },
];
/** What the documentation lists. */
const STATUSES = [200, 201, 204, 400, 403, 404, 405, 409, 413, 422, 503];

Deno.test(`createRest() does answer anything with an answer that is documented (${REQUESTS} times, KUIPER_FUZZ_SEED=${SEED})`, async () => {
  const base = await Deno.makeTempDir({ prefix: "kuiper_rest_" });
  const logged: string[] = [];
  try {
    await using app = await App.open({
      base,
      env: {},
      log: createLogger(() => {}, { level: "error" }),
    });
    const handler = createRest(app, {
      settings: { ...app.config.basic.rest, maxBodyBytes: MAX_BODY_BYTES },
      log: createLogger((line) => logged.push(line), { level: "error" }),
      version: "1.2.3",
      startedAt: 0,
      now: () => 0,
      stop() {},
    });
    const seen = new Map<number, number>();
    const before = heldBytes();
    for (let nth = 0; nth < REQUESTS; nth++) {
      const dice = new Dice(SEED + nth * 7919);
      const request = anyRequest(dice);
      const about = `request ${nth} of ${SEED}: ${request.method} ${request.url.slice(0, 200)}`;
      const response = await handler(request);
      const text = await response.text();
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
      assert(STATUSES.includes(response.status), `${about}: ${response.status} ${text}`);
      assert(!text.includes(base), `${about}: ${text}`);
      assert(!/\bat .*\.(ts|js):\d+/.test(text), `${about}: ${text}`);
      assert(!text.includes("root:x:"), about);
      if (response.status < 400 || request.method === "HEAD") continue;
      const { error, message } = JSON.parse(text);
      assert(Number.isInteger(error) && typeof message === "string" && message !== "", about);
    }
    assertEquals(logged, []);
    // A fuzzer that is always refused, or never, tries nothing.
    for (const status of [200, 201, 400, 404, 405]) {
      assert((seen.get(status) ?? 0) > 10, `${status}`);
    }
    const grownBytes = heldBytes() - before;
    assert(grownBytes < 200e6, `grew by ${Math.round(grownBytes / 1e6)} MB`);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});

function heldBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function anyRequest(dice: Dice): Request {
  // Between all that is refused, what is right, so that there is something to break.
  if (dice.upTo(6) === 0) {
    const body = json({ sql: dice.of(SQL) });
    return new Request("http://127.0.0.1:9081/streams", { method: "POST", body });
  }
  const path = dice.of(PATHS).replaceAll("*", () => dice.of(NAMES));
  const query = dice.of([
    "",
    "",
    "?force=true",
    "?force=%ff",
    "?__proto__=1",
    `?${"a".repeat(5000)}`,
  ]);
  const method = dice.of(METHODS);
  const headers = new Headers();
  for (const [name, value] of Object.entries(dice.of(HEADERS))) {
    try {
      headers.set(name, value);
    } catch {
      // The runtime refuses it for us.
    }
  }
  const bodied = !["GET", "HEAD", "get"].includes(method) && dice.upTo(5) > 0;
  return new Request(`http://127.0.0.1:9081${path}${query}`, {
    method,
    headers,
    ...(bodied ? { body: anyBody(dice) } : {}),
  });
}

function anyBody(dice: Dice): BodyInit {
  switch (dice.upTo(8)) {
    case 0:
      return json(anyValue(dice));
    case 1:
      return "[".repeat(dice.upTo(MAX_BODY_BYTES * 2));
    case 2:
      return new Uint8Array(dice.upTo(MAX_BODY_BYTES * 2)).fill(255);
    case 3:
      return mutateBytes(new TextEncoder().encode(json({ sql: dice.of(SQL) })), dice);
    case 4:
      return json(mutate({ sql: dice.of(SQL) }, dice));
    case 5:
      return json(mutate(RULE, dice));
    case 6:
      return json({
        name: dice.of(NAMES),
        file: dice.of(["https://a.invalid/x.ts", "file:///etc/passwd", "x"]),
      });
    default:
      return json({ sql: dice.of(SQL) });
  }
}

const RULE = {
  id: "r1",
  sql: "SELECT * FROM demo WHERE a > 1",
  actions: [{ nop: {} }, { log: { sendSingle: true } }],
  options: { bufferLength: 10, sendError: true },
  triggered: false,
};

function json(value: unknown): string {
  return JSON.stringify(value, (_key, item) => typeof item === "bigint" ? Number(item) : item) ??
    "undefined";
}
