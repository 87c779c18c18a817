import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { manifest, Websocket } from "../../../plugins/sources/websocket.ts";
import { checkSchema } from "../../../src/config/props_schema.ts";
import { runPlugin } from "./run_plugin.ts";

/** What a client asked for. */
interface Asked {
  path: string;
  protocols: string;
}

/** A WebSocket server that hands every connection to `greet`. */
function serve(greet: (socket: WebSocket, asked: Asked) => void) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    const protocols = request.headers.get("sec-websocket-protocol") ?? "";
    // A client that offers protocols fails unless one of them is chosen.
    const [protocol = ""] = protocols.split(",");
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol });
    socket.onopen = () => greet(socket, { path: pathname + search, protocols });
    return response;
  });
  return {
    url: `ws://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("Websocket yields text and binary messages as payloads, in order", async () => {
  await using server = serve((socket) => {
    socket.send("one");
    socket.send(new TextEncoder().encode("two"));
    socket.send("");
  });
  const run = runPlugin(new Websocket(), { props: { url: server.url } });
  await run.until(() => run.payloads().length === 3);
  assertEquals(run.payloads(), ["one", "two", ""]);
  assertEquals(await run.stop(), { kind: "stopped", forced: false });
  assertEquals(run.statuses, [
    `connecting ${server.url}/`,
    `connected ${server.url}/`,
    `disconnected ${server.url}/`,
  ]);
});

Deno.test("Websocket adds the datasource to the path and offers its protocols", async () => {
  const seen: string[] = [];
  await using server = serve((socket, { path, protocols }) => {
    seen.push(path, protocols);
    socket.send("x");
  });
  const run = runPlugin(new Websocket(), {
    datasource: "/a/b?token=hidden",
    props: { url: `${server.url}/base/`, protocols: ["p1", "p2"] },
  });
  await run.until(() => run.payloads().length === 1);
  assertEquals(seen, ["/base/a/b?token=hidden", "p1, p2"]);
  assert(!run.statuses.join().includes("hidden"));
  await run.stop();
});

Deno.test("Websocket is not connected any more when the server closes", async () => {
  await using server = serve((socket) => {
    socket.send("last");
    socket.close(1000, "bye");
  });
  const run = runPlugin(new Websocket(), { props: { url: server.url } });
  const { end } = await run.instance.closed;
  assertEquals(end, {
    kind: "not_connected",
    message: `not connected to ${server.url}/: the server closed the connection (bye)`,
  });
  assertEquals(run.payloads(), ["last"]);
  assertMatch(run.statuses.at(-1)!, /^disconnected /);
});

Deno.test("Websocket is not connected when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const run = runPlugin(new Websocket(), {
    datasource: "?token=hidden",
    props: { url: `ws://127.0.0.1:${port}` },
  });
  const { end } = await run.instance.closed;
  assert(end.kind === "not_connected");
  assertStringIncludes(end.message, `not connected to ws://127.0.0.1:${port}/: `);
  assert(!end.message.includes("hidden"), end.message);
});

Deno.test("Websocket gives up connecting after connectTimeout", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const run = runPlugin(new Websocket(), {
    props: { url: `ws://127.0.0.1:${listener.addr.port}`, connectTimeout: 20 },
  });
  const { end } = await run.instance.closed;
  assert(end.kind === "not_connected");
  assertStringIncludes(end.message, "no answer after 20 ms");
  (await accepted).close();
  listener.close();
});

Deno.test("Websocket stops while it connects", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const run = runPlugin(new Websocket(), {
    props: { url: `ws://127.0.0.1:${listener.addr.port}` },
  });
  const connection = await accepted;
  assertEquals(await run.stop(), { kind: "stopped", forced: false });
  connection.close();
  listener.close();
});

Deno.test("Websocket closes the connection when the stream is full, and loses nothing that arrived", async () => {
  await using server = serve((socket) => {
    for (let i = 0; i < 200; i++) socket.send(String(i));
  });
  const run = runPlugin(new Websocket(), { props: { url: server.url }, bufferLength: 20 }, 0);
  await run.until(() => run.statuses.at(-1)?.startsWith("disconnected") === true);
  assertMatch(run.lines[0]!, /^warn the stream is full: closing the connection/);
  run.instance.grant(1000, 0);
  const { end } = await run.instance.closed;
  assert(end.kind === "not_connected");
  assertStringIncludes(end.message, "the stream was full");
  const numbers = run.payloads().map(Number);
  assert(numbers.length > 10);
  assertEquals(numbers, Array.from(numbers, (_, i) => i));
});

Deno.test("Websocket drops by the stream's policy and stays connected", async () => {
  await using server = serve((socket) => {
    for (let i = 0; i < 200; i++) socket.send(String(i));
    socket.close();
  });
  const run = runPlugin(new Websocket(), {
    props: { url: server.url },
    bufferLength: 20,
    overflow: "drop_newest",
  }, 0);
  await run.until(() => run.statuses.at(-1)?.startsWith("disconnected") === true);
  run.instance.grant(1000, 0);
  await run.instance.closed;
  assertEquals(run.lines, []);
  assertEquals(run.payloads().slice(0, 10), Array.from({ length: 10 }, (_, i) => String(i)));
});

Deno.test("Websocket.configure() refuses what is no address of a server", async () => {
  for (
    const [props, sentence] of [
      [{}, '"url" is missing, expected the address'],
      [{ url: "http://x" }, '"url" is no WebSocket address'],
      [{ url: "::" }, '"url" is no WebSocket address'],
      [{ url: "ws://x", protocols: "p" }, '"protocols" is "p", expected a list of texts'],
      [{ url: "ws://x", connectTimeout: 0 }, '"connectTimeout" is 0, expected milliseconds'],
    ] as const
  ) {
    const { end } = await runPlugin(new Websocket(), { props }).instance.closed;
    assert(end.kind === "failed");
    assertStringIncludes(end.failure.message, sentence);
  }
});

Deno.test("Websocket never leaves the configured host", async () => {
  const seen: string[] = [];
  await using server = serve((socket, { path }) => {
    seen.push(path);
    socket.send("x");
  });
  for (const datasource of ["//other.example/x", "../../y", "ws://other.example/z"]) {
    const run = runPlugin(new Websocket(), { datasource, props: { url: server.url } });
    await run.until(() => run.payloads().length === 1);
    await run.stop();
  }
  assertEquals(seen, ["//other.example/x", "/y", "/ws://other.example/z"]);
});

Deno.test("Websocket's manifest describes its properties with keywords that the engine knows", () => {
  assertEquals(checkSchema(manifest.properties), undefined);
});
