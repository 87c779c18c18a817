import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Clock, createLogger, KuiperError, silentLogger } from "../../../src/core/mod.ts";
import {
  type FetchedGraph,
  fetchGraph,
  type FetchGraphOptions,
} from "../../../src/loader/remote_graph.ts";
import {
  failing,
  hanging,
  makeCertificates,
  module,
  type ModuleRoute,
  type ModuleServer,
  redirect,
  startModuleServer,
} from "../../fakes/mod.ts";

/** Waits are over at once, and remembered. */
function instantClock(): Clock & { waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => 0,
    sleep: (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

type Options = Partial<FetchGraphOptions>;

function get(server: ModuleServer, path: string, options: Options = {}): Promise<FetchedGraph> {
  const clock = instantClock();
  return fetchGraph({ url: server.url(path), log: silentLogger, clock, ...options });
}

/** What fetching `/a.ts` from a server with these routes is refused with; the origin is shown as ORIGIN. */
async function refusal(
  routes: Readonly<Record<string, ModuleRoute>>,
  options: Options = {},
): Promise<string> {
  await using server = await startModuleServer({ routes });
  const error = await assertRejects(() => get(server, "/a.ts", options), KuiperError);
  return error.message.replaceAll(server.origin, "ORIGIN").replaceAll(
    server.origin.slice("http://".length),
    "HOST",
  );
}

// -- What is found --

Deno.test("fetchGraph() finds all modules, each once, with cycles and by several names", async () => {
  await using server = await startModuleServer({
    routes: {
      "/lib/a.ts": `import { b } from "./b.js"; import { join } from "node:path"; import "kuiper";
        import "/lib/b.js#again"; import type { T } from "./types.ts"; export const a: number = b;
        export { q } from "../q?x=1&y=2"; void join; const later = () => import("./late.ts");`,
      "/lib/b.js": `import "./a.ts"; import "../lib/./b.js"; export const b = 1;`,
      "/q?x=1&y=2": () => module("export const q: number = 1", { type: "video/mp2t" }),
      "/lib/late.ts": "export {}",
    },
  });
  const graph = await get(server, "/lib/a.ts#fragment");
  const shown = graph.modules.map(({ url, type, importedBy }) => [
    url.replace(server.origin, ""),
    type,
    importedBy?.replace(server.origin, ""),
  ]);
  assertEquals(shown, [
    ["/lib/a.ts", "typescript", undefined],
    ["/lib/b.js", "javascript", "/lib/a.ts"],
    ["/q?x=1&y=2", "typescript", "/lib/a.ts"],
    ["/lib/late.ts", "typescript", "/lib/a.ts"],
  ]);
  assertEquals(graph.entry, server.url("/lib/a.ts"));
  assertEquals(graph.nodeModules, ["node:path"]);
  assertEquals(graph.origins, [server.origin]);
  assertEquals(server.requests.length, 4);
});

Deno.test("fetchGraph() fetches over TLS with a private authority, at most eight modules at once", async () => {
  await using certificates = await makeCertificates();
  const count = 40;
  const names = Array.from({ length: count }, (_, index) => `/m${index}.js`);
  const ready = Promise.withResolvers<void>();
  await using server = await startModuleServer({
    tls: certificates,
    routes: {
      "/a.ts": names.map((name) => `import ".${name}";`).join("\n"),
      ...Object.fromEntries(names.map((name) => [name, async () => {
        if (server.requests.length === 9) ready.resolve();
        await ready.promise;
        return module("export {}");
      }])),
    },
  });
  const graph = await get(server, "/a.ts", { caFile: certificates.ca });
  assertEquals(graph.modules.length, count + 1);
  assertEquals(server.mostAtOnce, 8);
  const untrusted = await assertRejects(
    () => get(server, "/a.ts", { caFile: certificates.strangerCa }),
    KuiperError,
  );
  assertStringIncludes(untrusted.message, "its certificate was signed by an authority that is not");
  const unnamed = await assertRejects(() => get(server, "/a.ts"), KuiperError);
  assertStringIncludes(unnamed.message, "plugins.caFile in etc/kuiper.yaml");
  const key = { caFile: certificates.serverKey };
  const noFile = await assertRejects(() => get(server, "/a.ts", key), KuiperError);
  assertEquals(noFile.code, "config");
  assertStringIncludes(noFile.message, "it holds no certificate in PEM form");
});

Deno.test("fetchGraph() takes a byte order mark and leaves source maps alone", async () => {
  const code = "\ufeffexport const a = 1;\n//# sourceMappingURL=a.js.map\n";
  await using server = await startModuleServer({ routes: { "/a.js": code } });
  const graph = await get(server, "/a.js");
  assertEquals(graph.modules[0]!.bytes, new TextEncoder().encode(code));
  assertEquals(server.requests.length, 1);
});

Deno.test("fetchGraph() takes a redirected module for the one that it led to", async () => {
  await using server = await startModuleServer({
    routes: {
      "/a.ts": redirect("/v1/a.ts"),
      "/v1/a.ts": `import "./b.ts"; import "../b.ts";`,
      "/b.ts": redirect("/v1/b.ts", 308),
      "/v1/b.ts": `export {}`,
    },
  });
  const { modules, redirects } = await get(server, "/a.ts");
  assertEquals(modules.map(({ url }) => url), [server.url("/v1/a.ts"), server.url("/v1/b.ts")]);
  assertEquals(redirects, {
    [server.url("/a.ts")]: server.url("/v1/a.ts"),
    [server.url("/b.ts")]: server.url("/v1/b.ts"),
  });
});

Deno.test("fetchGraph() has a hash that changes with every byte and no order", async () => {
  await using server = await startModuleServer({
    routes: { "/a.ts": `import "./b.ts"; import "./c.ts";`, "/b.ts": "", "/c.ts": "" },
  });
  const { hash } = await get(server, "/a.ts");
  assertEquals((await get(server, "/a.ts")).hash, hash);
  server.routes.set("/c.ts", " ");
  assert((await get(server, "/a.ts")).hash !== hash);
});

// -- Origins --

Deno.test("fetchGraph() takes other origins only when they are allowed, and names all that are missing", async () => {
  await using other = await startModuleServer({ routes: { "/x.ts": "export const x = 1;" } });
  await using third = await startModuleServer({ routes: { "/x.ts": "" } });
  await using server = await startModuleServer({
    routes: {
      "/a.ts": `import "./b.ts"; import "${third.url("/x.ts")}";`,
      "/b.ts": `export * from "${other.url("/x.ts")}";`,
    },
  });
  const error = await assertRejects(() => get(server, "/a.ts"), KuiperError);
  const [first, second] = [other.origin, third.origin].sort();
  assertEquals(
    error.message,
    `Cannot import "${third.url("/x.ts")}" in ${
      server.url("/a.ts")
    }:1: these origins are not allowed: ` +
      `add "${first}" and "${second}" to plugins.allowImport in etc/kuiper.yaml if you trust what lies there`,
  );
  assertEquals(other.requests.length + third.requests.length, 0);
  const chain = await assertRejects(
    () => get(server, "/a.ts", { allowImport: [third.origin] }),
    KuiperError,
  );
  assertStringIncludes(
    chain.message,
    `in ${server.url("/b.ts")}:1 (imported by ${server.url("/a.ts")}:1): its origin is not allowed`,
  );
  const { origins } = await get(server, "/a.ts", { allowImport: [other.origin, third.origin] });
  assertEquals(origins, [server.origin, other.origin, third.origin].sort());
});

Deno.test("fetchGraph() follows no redirect to an origin that is not allowed", async () => {
  await using other = await startModuleServer({ routes: { "/x.ts": "" } });
  const message = await refusal({ "/a.ts": redirect(other.url("/x.ts?key=secret")) });
  assertEquals(
    message,
    `Cannot load "ORIGIN/a.ts": it redirects to ${
      other.url("/x.ts")
    }: its origin is not allowed: add ` +
      `"${other.origin}" to plugins.allowImport in etc/kuiper.yaml if you trust what lies there`,
  );
  assertEquals(other.requests.length, 0);
});

Deno.test("fetchGraph() follows no redirect to another scheme, in a circle or without an end", async () => {
  assertStringIncludes(
    await refusal({ "/a.ts": redirect("file:///etc/passwd.ts") }),
    "it redirects to file:///etc/passwd.ts: file: is never loaded; use https:",
  );
  assertStringIncludes(
    await refusal({ "/a.ts": redirect("http://example.com/a.ts") }),
    "http: can be changed by anybody on the way; use https:",
  );
  assertStringIncludes(
    await refusal({ "/a.ts": redirect("/a.ts") }),
    "it redirects more than 10 times",
  );
  assertStringIncludes(
    await refusal({ "/a.ts": () => new Response(null, { status: 302 }) }),
    "it redirects without saying where",
  );
});

Deno.test("fetchGraph() sends a token to its host only, and nowhere after a redirect elsewhere", async () => {
  await using other = await startModuleServer({ routes: { "/x.ts": "" } });
  await using server = await startModuleServer({
    routes: {
      "/a.ts": `import "./b.ts"; import "${other.url("/x.ts")}";`,
      "/b.ts": redirect("/c.ts"),
    },
  });
  server.routes.set("/c.ts", redirect(other.url("/x.ts?2")));
  other.routes.set("/x.ts?2", "");
  const token = "s3cret-token";
  const lines: string[] = [];
  const tokens = {
    [new URL(server.origin).host]: token,
    [new URL(other.origin).host]: "other-token",
  };
  await get(server, "/a.ts", {
    allowImport: [other.origin],
    tokens,
    log: createLogger((line) => void lines.push(line), { level: "debug" }),
  });
  const sent = (requests: ModuleServer["requests"]) =>
    requests.map(({ path, headers }) => [path, headers.get("authorization")]).sort();
  assertEquals(sent(server.requests), [
    ["/a.ts", `Bearer ${token}`],
    ["/b.ts", `Bearer ${token}`],
    ["/c.ts", `Bearer ${token}`],
  ]);
  assertEquals(sent(other.requests), [["/x.ts", "Bearer other-token"], ["/x.ts?2", null]]);
  assert(!lines.some((line) => line.includes("token")));
});

Deno.test("fetchGraph() never shows a token that no header may have", async () => {
  await using server = await startModuleServer();
  const tokens = { [new URL(server.origin).host]: "se\ncret" };
  const error = await assertRejects(() => get(server, "/a.ts", { tokens }), KuiperError);
  assert(!error.message.includes("cret"));
  assertStringIncludes(error.message, "has characters that no header may have");
});

// -- What is refused --

Deno.test("fetchGraph() refuses what is no URL of a module", async () => {
  const cases: [string, string][] = [
    ["weather", '"weather" is not a URL: write it as https://host/path.ts'],
    ["http://example.com/a.ts", "http: can be changed by anybody on the way; use https:"],
    ["file:///a.ts", "file: is never loaded"],
    ["data:text/javascript,1", "data: is never loaded"],
    ["https://user:pass@example.com/a.ts", "it holds a user or password"],
    ["https://example.com/a.json", "JSON is not imported"],
    ["https://example.com/a.tsx", '".tsx" is not a kind of module'],
  ];
  for (const [url, expected] of cases) {
    const error = await assertRejects(() => fetchGraph({ url, log: silentLogger }), KuiperError);
    assertStringIncludes(error.message, expected);
    assert(!error.message.includes("pass@"));
  }
});

Deno.test("fetchGraph() says what a server answered in place of a module", async () => {
  const typed = (type: string, body = "export {}") => ({ "/a.ts": () => module(body, { type }) });
  const cases: [Readonly<Record<string, ModuleRoute>>, string][] = [
    [{}, "the server answers 404 Not Found"],
    [typed("text/html; charset=utf-8"), "it is a web page; use the URL of the raw file"],
    [typed("application/json"), "it is JSON; put the data into"],
    [typed("image/png"), 'its content type is "image/png", expected'],
    [typed("text/javascript; charset=latin1"), 'its charset is "latin1"; serve it as UTF-8'],
    [{ "/a.ts": failing("", { status: 418, times: 9 }) }, "the server answers 418"],
    [
      { "/a.ts": failing("", { status: 401, times: 9 }) },
      'set plugins.tokens."HOST" in etc/kuiper',
    ],
    [
      { "/a.ts": () => module(new Uint8Array([0xff, 0xfe]), {}) },
      'Cannot load "ORIGIN/a.ts": it is not a text in UTF-8',
    ],
  ];
  for (const [routes, expected] of cases) assertStringIncludes(await refusal(routes), expected);
  await using server = await startModuleServer({
    routes: { "/a": () => module("", { type: "text/plain" }) },
  });
  const unnamed = await assertRejects(() => get(server, "/a"), KuiperError);
  assertStringIncludes(unnamed.message, 'it has the content type "text/plain" and no .ts or .js');
});

Deno.test("fetchGraph() names the place of a mistake in the third file, and the chain to a missing one", async () => {
  assertEquals(
    await refusal({
      "/a.ts": `import "./b.ts";`,
      "/b.ts": `\nimport "./c.ts";`,
      "/c.ts": "export const c = ;\n",
    }),
    "ORIGIN/c.ts:1:18: Expression expected\n1 | export const c = ;\n  |                  ^",
  );
  assertEquals(
    await refusal({ "/a.ts": `import "./b.ts";`, "/b.ts": `\nimport "./c.ts";` }),
    'Cannot import "./c.ts" in ORIGIN/b.ts:2 (imported by ORIGIN/a.ts:1): the server answers 404 Not Found',
  );
  assertEquals(
    await refusal({ "/a.ts": `import "npm:lodash";` }),
    'Cannot import "npm:lodash" in ORIGIN/a.ts:1: packages are not loaded at run time; bundle it into the ' +
      "plugin's file, for example with esbuild --bundle --format=esm",
  );
  assertStringIncludes(
    await refusal({ "/a.ts": `import { x } from "./b.ts"; x;`, "/b.ts": "export const y = 1;" }),
    'Cannot load ORIGIN/a.ts:1: "ORIGIN/b.ts" has no export "x"',
  );
  assertStringIncludes(
    await refusal({ "/a.ts": `import x from "./b.json" with { type: "json" }; x;` }),
    "only modules are imported",
  );
  assertStringIncludes(await refusal({ "/a.ts": `import "node:fs";` }), "node:fs");
});

Deno.test("fetchGraph() keeps to its limits", async () => {
  const cases: [Readonly<Record<string, ModuleRoute>>, Options["limits"] & object, string][] = [
    [{ "/a.ts": "//" + "x".repeat(100) }, { moduleBytes: 50 }, "it has more than 50 bytes"],
    [
      { "/a.ts": `import "./b.ts";`, "/b.ts": "//" + "x".repeat(40) },
      { totalBytes: 50 },
      "all modules together have more than 50 bytes",
    ],
    [
      { "/a.ts": `import "./b.ts"; import "./c.ts";`, "/b.ts": "", "/c.ts": "" },
      { modules: 2 },
      "it has more than 2 modules",
    ],
    [
      { "/a.ts": `import "./b.ts";`, "/b.ts": `import "./c.ts";`, "/c.ts": "" },
      { depth: 1 },
      "imports lead more than 1 modules deep",
    ],
    [{ "/a.ts": hanging }, { requestMs: 20 }, "the server did not answer within 0.02 s"],
    [{ "/a.ts": hanging }, { totalMs: 20 }, "fetching all modules took more than 0.02 s"],
  ];
  for (const [routes, limits, expected] of cases) {
    assertStringIncludes(await refusal(routes, { limits }), expected);
  }
});

// -- What may pass --

Deno.test("fetchGraph() tries again after failures that may pass, as late as the server asks", async () => {
  const clock = instantClock();
  await using server = await startModuleServer({
    routes: {
      "/a.ts": failing(`import "./b.ts";`, { status: 503, times: 2 }),
      "/b.ts": failing(`import "./c.ts";`, {
        status: 429,
        times: 1,
        headers: { "retry-after": "3" },
      }),
      "/c.ts": failing("", { status: 500, times: 1, headers: { "retry-after": "86400" } }),
    },
  });
  assertEquals((await get(server, "/a.ts", { clock })).modules.length, 3);
  assertEquals([server.count("/a.ts"), server.count("/b.ts")], [3, 2]);
  assertEquals(clock.waits.slice(2), [3000, 10_000]);
  assert(clock.waits[0]! >= 200 && clock.waits[1]! > clock.waits[0]!);
});

Deno.test("fetchGraph() gives up after three tries, and at once where none would help", async () => {
  await using server = await startModuleServer({
    routes: { "/a.ts": failing("", { status: 500, times: 9 }) },
  });
  const error = await assertRejects(() => get(server, "/a.ts"), KuiperError);
  assertStringIncludes(error.message, "the server answers 500");
  assertEquals(server.count("/a.ts"), 3);
  await assertRejects(() => get(server, "/none.ts"), KuiperError);
  assertEquals(server.count("/none.ts"), 1);
  await server.stop();
  const gone = await assertRejects(() => get(server, "/a.ts"), KuiperError);
  assertStringIncludes(gone.message, `${new URL(server.origin).host} cannot be reached: `);
});

Deno.test("fetchGraph() ends with its signal, and with the reason of it", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  await using server = await startModuleServer({
    routes: {
      "/a.ts": `import "./b.ts";`,
      "/b.ts": () => {
        controller.abort(reason);
        return new Promise<Response>(() => {});
      },
    },
  });
  const error = await assertRejects(() => get(server, "/a.ts", { signal: controller.signal }));
  assertEquals(error, reason);
});

Deno.test("fetchGraph() pins no graph whose import() failed only for now", async () => {
  await using server = await startModuleServer({
    routes: {
      "/a.ts": `export const late = () => [import("./b.ts"), import("./none.ts")];`,
      "/b.ts": failing("", { status: 500, times: 9 }),
    },
  });
  const error = await assertRejects(() => get(server, "/a.ts"), KuiperError);
  assertStringIncludes(
    error.message,
    `Cannot fetch ${server.url("/b.ts")}: the server answers 500`,
  );
  server.routes.set("/b.ts", "");
  assertEquals((await get(server, "/a.ts")).modules.length, 2);
});
