import { assert, assertEquals, assertThrows } from "@std/assert";
import { type CollectResult, inlineSinkHost } from "../../../src/contract/mod.ts";
import { RestSink } from "../../../src/sink/rest.ts";

interface Got {
  method: string;
  path: string;
  body: string;
  authorization: string | null;
}

/** A server on loopback that answers as told, in order, and keeps what it got. */
function serve(answers: (() => Response)[]): AsyncDisposable & { url: string; got: Got[] } {
  const got: Got[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (req) => {
    got.push({
      method: req.method,
      path: new URL(req.url).pathname,
      body: await req.text(),
      authorization: req.headers.get("authorization"),
    });
    return answers.shift()?.() ?? new Response("ok");
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/in`,
    got,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function send(
  props: Record<string, unknown>,
  ...bodies: string[]
): Promise<CollectResult> {
  await using host = inlineSinkHost(() => Promise.resolve(new RestSink()), "bytes");
  const spec = { props, ruleId: "r", opId: "sink_rest_0", instanceId: 0 };
  const instance = host.start(spec, { log: () => {}, status: () => {} });
  assertEquals(await instance.opened, undefined);
  return await instance.collect(
    bodies.map((body) => ({ payload: new TextEncoder().encode(body) })),
  );
}

Deno.test("RestSink sends each item with its method and headers", async () => {
  await using server = serve([]);
  const props = { url: server.url, method: "put", headers: { Authorization: "Bearer x" } };
  assertEquals(await send(props, "[1]", "[2]"), { kind: "taken", refused: [] });
  assertEquals(
    server.got,
    ["[1]", "[2]"].map((body) => ({
      method: "PUT",
      path: "/in",
      body,
      authorization: "Bearer x",
    })),
  );
});

Deno.test("RestSink refuses what the server will never take, and goes on", async () => {
  await using server = serve([() => new Response("no such field", { status: 422 })]);
  assertEquals(await send({ url: server.url }, "a", "b"), {
    kind: "taken",
    refused: [{ index: 0, message: `${server.url} answered 422: no such field` }],
  });
});

Deno.test("RestSink asks to try again after 5xx, and after what Retry-After says", async () => {
  for (
    const [response, afterMs] of [
      [new Response("", { status: 503 }), undefined],
      [new Response("", { status: 429, headers: { "retry-after": "2" } }), 2000],
      [new Response("", { status: 429, headers: { "retry-after": "0" } }), 1000],
      [new Response("", { status: 503, headers: { "retry-after": "-5" } }), 1000],
      [new Response("", { status: 503, headers: { "retry-after": "9999" } }), 300_000],
    ] as const
  ) {
    await using server = serve([() => response]);
    const result = await send({ url: server.url }, "a");
    assertEquals(result.kind, "retry");
    assertEquals(result.kind === "retry" && result.afterMs, afterMs);
  }
});

Deno.test("RestSink says what it has sent already when a later one has to wait", async () => {
  await using server = serve([
    () => new Response("ok"),
    () => new Response("no", { status: 400 }),
    () => new Response("later", { status: 503 }),
  ]);
  const result = await send({ url: server.url }, "1", "2", "3", "4");
  assertEquals(result.kind === "retry" && result.settled, {
    count: 2,
    refused: [{ index: 1, message: `${server.url} answered 400: no` }],
  });
  assertEquals(server.got.map(({ body }) => body), ["1", "2", "3"]);
});

Deno.test("RestSink asks to try again when nobody answers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const result = await send({ url: `http://127.0.0.1:${port}/` }, "a");
  assertEquals(result.kind, "retry");
});

Deno.test("RestSink follows no redirect: what it sends may hold a secret", async () => {
  await using other = serve([]);
  await using server = serve([() => Response.redirect(other.url, 307)]);
  const result = await send({ url: server.url, headers: { authorization: "Bearer x" } }, "a");
  assertEquals(result.kind, "taken");
  assert(result.kind === "taken" && result.refused.length === 1);
  assertEquals(other.got, []);
});

Deno.test("RestSink.configure() names the property that is wrong", () => {
  for (
    const [props, message] of [
      [{}, '"url" is missing, expected an address such as "https://host/path"'],
      [{ url: "ftp://x" }, '"url" is "ftp://x"'],
      [{ url: "http://u:p@x/" }, '"url" has a user name in it'],
      [{ url: "http://x/", method: "BREW" }, '"method" is "BREW"'],
    ] as const
  ) {
    assertThrows(() => new RestSink().configure(props), TypeError, message);
  }
});
