import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { hostGuard } from "../../../src/loader/granted_hosts.ts";
import { pathGuard } from "../../../src/loader/granted_paths.ts";
import type { Realm } from "../../../src/loader/realm.ts";
import { type Granted, readRealmName, realmName } from "../../../src/loader/realm_name.ts";
import { tamedNet } from "../../../src/loader/tame_net.ts";
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
      refused("0.0.0.0:1"),
      refused(),
      refused("0.0.0.0:8000"),
      refused("a.example:80"),
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

const likeOptions = (properties: string) => `Object.assign(() => {}, ${properties})`;

Deno.test("A plugin without a network is refused one by options that are no plain object", async () => {
  const unix = "NotCapable: Requires net access, a unix socket is no host: only all of it has them";
  const vsock = 'TypeError: Cannot use a transport "vsock": a plugin has "tcp" and "unix"';
  const socket = `{ transport: "unix", path: "/s" }`;
  const tries: Readonly<Record<string, string>> = {
    [`Deno.connect(${likeOptions(`{ transport: "vsock", cid: 2, port: 1 }`)})`]: vsock,
    [`Deno.listen(${likeOptions(`{ transport: "vsock", cid: 2, port: 1 }`)})`]: vsock,
    [`Deno.connect(${likeOptions(socket)})`]: unix,
    [`Deno.listen(${likeOptions(socket)})`]: unix,
    [`Deno.connect(${likeOptions(`{ hostname: "a.example", port: 1 }`)})`]: refused("a.example:1"),
    [`Deno.listen("a text")`]: refused("0.0.0.0:0"),
    [`Deno.createHttpClient(${likeOptions(`{ proxy: ${socket} }`)})`]: unix,
    [`Deno.createHttpClient({ proxy: ${likeOptions(socket)} })`]: unix,
    [`Deno.createHttpClient({ proxy: ${likeOptions(`{ url: "http://a.example" }`)} })`]: refused(
      "a.example:80",
    ),
  };
  assertEquals(await outcomes(Object.keys(tries), {}), Object.values(tries));
});

Deno.test("A plugin with a granted host has no transport but those that are known", async () => {
  const has = 'a plugin has "tcp" and "unix"';
  const option = (name: string) =>
    `TypeError: Cannot use the option "${name}": a plugin has the transports "tcp" and "unix"`;
  const served = (options: string) => `Deno.serve(${options}, () => new Response())`;
  const tries: Readonly<Record<string, string>> = {
    [served(`{ cid: 2, port: 8000, hostname: "127.0.0.1" }`)]: option("cid"),
    [served(`{ cid: undefined, port: 8000, hostname: "127.0.0.1" }`)]: option("cid"),
    [served(`{ tunnel: true, port: 8000, hostname: "127.0.0.1" }`)]: option("tunnel"),
    [`Deno.listen({ transport: "tunnel" })`]: `TypeError: Cannot use a transport "tunnel": ${has}`,
    [`Deno.connect({ transport: ["tcp"] })`]:
      `TypeError: Cannot use a transport of type object: ${has}`,
    // A path that is there and undefined is one to the runtime.
    [`${served(`{ path: undefined, port: 0, hostname: "127.0.0.1" }`)}.addr.transport`]: "tcp",
    [`Deno.createHttpClient({ proxy: { transport: "http", url: "http://127.0.0.1" } }).close()`]:
      "undefined",
  };
  assertEquals(await outcomes(Object.keys(tries), { net: ["127.0.0.1"] }), Object.values(tries));
});

/** What `resolveDns` throws with a grant, when the runtime refuses the machine's own server. */
async function dnsError(net: Granted): Promise<Error & { asked: boolean }> {
  const deno = Deno as unknown as Realm;
  const grant = readRealmName(realmName("mine", { net }));
  const guard = pathGuard(deno, grant);
  const hosts = hostGuard(deno, net);
  let asked = false;
  const call = async () => {
    await Promise.resolve();
    asked = true;
    throw new Deno.errors.NotCapable('Requires net access to "192.0.2.53:53", run again');
  };
  const { resolveDns } = tamedNet({}, deno, { grant, guard, hosts, served: undefined });
  const tamed = resolveDns!(call) as (name: string, type: string) => Promise<unknown>;
  const error = await assertRejects(() => tamed("a.example", "A"), Deno.errors.NotCapable);
  return Object.assign(error, { asked });
}

Deno.test("Deno.resolveDns() asks the machine's server only where that may have been granted", async () => {
  const asks: readonly [Granted, boolean][] = [
    [[], false],
    [["a.example:443"], false],
    [["a.example:443", "127.0.0.1:53"], true],
    [["a.example"], true],
    [true, true],
  ];
  for (const [net, asked] of asks) assertEquals((await dnsError(net)).asked, asked, `${net}`);
  assertEquals(
    (await dnsError(["a.example:443"])).message,
    "Requires net access, it lies outside of what was granted",
  );
});

Deno.test("Deno.resolveDns() does not tell which server the machine asks", async () => {
  const { name, message, stack } = await dnsError(["a.example"]);
  const text = "Requires net access to the machine's own server of names, which was not granted";
  assertEquals([name, message, stack], ["NotCapable", text, `NotCapable: ${text}`]);
});

Deno.test("A plugin without a network has what needs none", async () => {
  assertEquals(
    await outcomes([
      `fetch("data:,a").then((answer) => answer.text())`,
      `fetch(URL.createObjectURL(new Blob(["b"]))).then((answer) => answer.text())`,
      `Deno.createHttpClient({}).close()`,
      `[WebSocket.name, WebSocket.length, WebSocket.OPEN, EventSource.CONNECTING, EventSource.name]`,
      `[Object.getPrototypeOf(WebSocket) === EventTarget, WebSocket.prototype.constructor === WebSocket]`,
      `(globalThis.WebSocket = 1, WebSocket)`,
    ], {}),
    ["a", "b", "undefined", "WebSocket,2,1,0,EventSource", "true,true", "1"],
  );
});

Deno.test("A plugin with a granted host gets calls that look at each host themselves", async () => {
  const other = (host: string) =>
    `NotCapable: Requires net access to "${host}", it lies outside of what was granted`;
  // A request of the plugin's own that says another address to whoever asks first.
  const forged = `(() => {
    const request = new Request("http://a.example/");
    const inner = request[Object.getOwnPropertySymbols(request)
      .find((symbol) => String(symbol) === "Symbol(request)")];
    const b = "http://b.example/";
    inner.urlList = [() => b];
    inner.urlListProcessed = [];
    let n = 0;
    inner.url = () => n++ === 0 ? "http://a.example/" : ANSWER;
    return request.url === "http://a.example/" && fetch(request);
  })()`;
  const toggling = (first: string, second: string) =>
    `(() => { let n = 0; return { toString: () => n++ === 0 ? ${first} : ${second} }; })()`;
  const tries: Readonly<Record<string, string>> = {
    [`Deno.connect({ hostname: "b.example", port: 80 })`]: other("b.example:80"),
    [`Deno.connect({ hostname: "a.example", port: "443" })`]: other("a.example:443"),
    [`Deno.connect({ port: 80 })`]: other("127.0.0.1:80"),
    [`Deno.connect({ hostname: "a.example", port: { valueOf: () => 80 } })`]:
      "TypeError: Cannot use this port: it is object, no number",
    [`Deno.connect({ hostname: ${toggling(`"b.example"`, `"a.example"`)}, port: 80 })`]: other(
      "b.example:80",
    ),
    [
      `Deno.connect({ get hostname() { this.n = (this.n ?? 0) + 1;
      return this.n === 1 ? "b.example" : "a.example"; }, port: 80 })`
    ]: other("b.example:80"),
    [`Deno.connectTls({ hostname: "a.example", port: 443 })`]: other("a.example:443"),
    [`Deno.listen({ port: 80 })`]: other("0.0.0.0:80"),
    [`Deno.listen({ hostname: "127.0.0.1" })`]: other("127.0.0.1:0"),
    [`Deno.listenTls({ hostname: "127.0.0.1", port: 443, cert: "", key: "" })`]: other(
      "127.0.0.1:443",
    ),
    [`Deno.serve({ port: 80 }, () => new Response())`]: other("0.0.0.0:80"),
    [`Deno.serve({ hostname: "127.0.0.1", handler: () => new Response() })`]: other(
      "127.0.0.1:8000",
    ),
    [`Deno.resolveDns("a.example", "A", { nameServer: { ipAddr: "192.0.2.1" } })`]: other(
      "192.0.2.1:53",
    ),
    [`Deno.createHttpClient({ proxy: { url: "http://b.example" } })`]: other("b.example:80"),
    [`Deno.createHttpClient({ proxy: { transport: "socks5", url: "socks5://a.example" } })`]: other(
      "a.example",
    ),
    [`Deno.createHttpClient({ proxy: { transport: "tcp", hostname: "b.example", port: 80 } })`]:
      other("b.example:80"),
    [`fetch("https://a.example")`]: other("a.example:443"),
    [`fetch("http://a.example@B.Example")`]: other("b.example:80"),
    [`fetch(new URL("http://b.example"))`]: other("b.example:80"),
    [`fetch(new Request("http://b.example"))`]: other("b.example:80"),
    [`fetch(${toggling(`"http://b.example"`, `"http://a.example"`)})`]: other("b.example:80"),
    [forged.replace("ANSWER", "b")]: other("b.example:80"),
    [forged.replace("ANSWER", toggling(`"http://a.example/"`, `"http://b.example/"`))]:
      "TypeError: Cannot fetch this: its URL is no text",
    [`fetch("ftp://a.example")`]:
      "NotCapable: Requires net access, it lies outside of what was granted",
    [`new WebSocket("ws://b.example")`]: other("b.example:80"),
    [`new WebSocket("wss://a.example")`]: other("a.example:443"),
    [`new WebSocket("http://a.example:81")`]: other("a.example:81"),
    [`new WebSocket(${toggling(`"ws://b.example"`, `"ws://a.example"`)})`]: other("b.example:80"),
    [`new (Object.getPrototypeOf(WebSocket.prototype).constructor)() && "made"`]: "made",
    [`Reflect.construct(WebSocket, ["ws://b.example"], Object)`]: other("b.example:80"),
    [`WebSocket("ws://a.example")`]: 'TypeError: Cannot call WebSocket without "new"',
    [`new EventSource("http://a.example:81/x")`]: other("a.example:81"),
    [`new EventSource("file:///etc/hostname")`]:
      "NotCapable: Requires net access, it lies outside of what was granted",
  };
  assertEquals(
    await outcomes(Object.keys(tries), { net: ["a.example:80"] }),
    Object.values(tries),
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
