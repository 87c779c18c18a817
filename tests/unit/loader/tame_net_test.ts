import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runPlugin, source } from "./_plugin.ts";
import type { Grant } from "../../../src/loader/permissions.ts";

/** What each expression gives or throws. */
async function outcomes(expressions: readonly string[], permissions: Grant): Promise<string[]> {
  const tries = expressions.map((expression) =>
    `try { yield { message: { value: String(await (${expression})) } }; }
     catch (error) { yield { message: { value: error.name + ": " + error.message } }; }`
  );
  const run = await runPlugin(source(tries.join("\n")), { permissions });
  assertEquals(run.closed.end, { kind: "done" });
  return run.rows.map((row) => String(row?.value));
}

const refused = (host?: string) =>
  `NotCapable: Requires net access${
    host === undefined ? "" : ` to "${host}"`
  }, none of it was granted`;

Deno.test("A plugin without a network gets calls that refuse, and names the host that it asked for", async () => {
  assertEquals(
    await outcomes([
      `Deno.connect({ hostname: "a.example", port: 1 })`,
      `Deno.connect({ port: 1 }).catch((error) => "rejected: " + error.name)`,
      `Deno.connectTls({ hostname: "a.example", port: 1 })`,
      `Deno.listen({ hostname: "127.0.0.1", port: 0 })`,
      `Deno.listenTls({ port: 1 })`,
      `Deno.resolveDns("a.example", "A")`,
      `Deno.serve(() => new Response())`,
      `Deno.createHttpClient({ proxy: { url: "http://a.example" } })`,
      `fetch("http://a.example")`,
      `fetch(new Request("https://a.example/x"))`,
      `fetch("ftp://a.example/x")`,
      `new WebSocket("wss://a.example/x")`,
      `new WebSocket(new URL("ws://[::1]:8080/x"))`,
      `new EventSource("http://a.example:81/x")`,
      `new (class extends WebSocket {})("no address")`,
    ], { read: true, env: true }),
    [
      refused("a.example:1"),
      "rejected: NotCapable",
      refused("a.example:1"),
      refused("127.0.0.1:0"),
      refused(),
      refused(),
      refused(),
      refused(),
      refused("a.example:80"),
      refused("a.example:443"),
      refused(),
      refused("a.example:443"),
      refused("[::1]:8080"),
      refused("a.example:81"),
      refused(),
    ],
  );
});

Deno.test("A plugin without a network has what needs none", async () => {
  assertEquals(
    await outcomes([
      `fetch("data:,a").then((answer) => answer.text())`,
      `fetch(URL.createObjectURL(new Blob(["b"]))).then((answer) => answer.text())`,
      `Deno.createHttpClient({}).close()`,
      `[WebSocket.name, WebSocket.OPEN, WebSocket.prototype.CLOSED, EventSource.CONNECTING]`,
    ], {}),
    ["a", "b", "undefined", "WebSocket,1,3,0"],
  );
});

Deno.test("A plugin with a granted host has the runtime's own calls", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (request.headers.get("upgrade") !== "websocket") return new Response("answered");
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.send("hello");
    return response;
  });
  const { port } = server.addr;
  assertEquals(
    await outcomes([
      `fetch("http://127.0.0.1:${port}").then((answer) => answer.text())`,
      `Deno.connect({ hostname: "127.0.0.1", port: ${port} }).then((c) => c.close())`,
      `new Promise((resolve) => {
        const socket = new WebSocket("ws://127.0.0.1:${port}");
        socket.onmessage = ({ data }) => { socket.onclose = () => resolve(data); socket.close(); };
      })`,
      `fetch("http://127.0.0.2:${port}").catch((error) => error.name)`,
    ], { net: [`127.0.0.1:${port}`] }),
    ["answered", "undefined", "hello", "NotCapable"],
  );
});

Deno.test("An IPv4 address and the IPv6 form of it are one host to a grant, whichever is granted", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("answered"),
  );
  const { port } = server.addr;
  const forms = ["127.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"];
  const tries = [
    ...forms.map((form) => `fetch("http://${form}:${port}").then((answer) => answer.text())`),
    ...forms.map((form) =>
      `Deno.connect({ hostname: "${form.replace(/[[\]]/g, "")}", port: ${port} })
        .then((connection) => connection.close() ?? "connected")`
    ),
  ];
  const reached = ["answered", "answered", "answered", "connected", "connected", "connected"];
  for (const form of forms) {
    assertEquals(await outcomes(tries, { net: [`${form}:${port}`] }), reached, form);
  }
  const others = ["::127.0.0.1", "64:ff9b::127.0.0.1"].map((hostname) =>
    `Deno.connect({ hostname: "${hostname}", port: ${port} })`
  );
  for (const outcome of await outcomes(others, { net: ["127.0.0.1"] })) {
    assertMatch(outcome, /^NotCapable: Requires net access to "\[(?:64:ff9b)?::7f00:1\]/);
  }
  const denied = await outcomes(tries, { net: ["127.0.0.2", "[::1]"] });
  for (const outcome of denied) {
    assertStringIncludes(outcome, `NotCapable: Requires net access to "127.0.0.1:${port}"`);
  }
});
