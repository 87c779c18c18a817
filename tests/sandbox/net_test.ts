import { assertEquals } from "@std/assert";
import { type Scene, secretServer, type Walked } from "./_venue.ts";
import { road } from "./_venue.ts";

/** A server that nobody may reach; the control does. */
function forbiddenServer(more: Record<string, string> = {}): Promise<Scene> {
  const server = secretServer();
  return Promise.resolve({
    props: { url: server.url, port: String(server.port), ...more },
    after({ got }: Walked) {
      const reached = Object.values(got).some((text) =>
        !text.startsWith("!") && text !== "undefined"
      );
      if (!reached) assertEquals(server.requests(), 0);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}

const SPELLINGS = {
  fetch: "fetch(props.url).then((answer) => answer.text())",
  request: "fetch(new Request(props.url)).then((answer) => answer.text())",
  connect:
    `Deno.connect({ hostname: "127.0.0.1", port: Number(props.port) }).then((c) => (c.close(), "ok"))`,
  localhost: `fetch("http://localhost:" + props.port).then((answer) => answer.text())`,
  trailingDot: `fetch("http://localhost.:" + props.port).then((answer) => answer.text())`,
  upper: `fetch("HTTP://LOCALHOST:" + props.port).then((answer) => answer.text())`,
  decimal: `fetch("http://2130706433:" + props.port).then((answer) => answer.text())`,
  hex: `fetch("http://0x7f.1:" + props.port).then((answer) => answer.text())`,
  octal: `fetch("http://0177.0.0.1:" + props.port).then((answer) => answer.text())`,
  short: `fetch("http://127.1:" + props.port).then((answer) => answer.text())`,
  unspecified: `fetch("http://0.0.0.0:" + props.port).then((answer) => answer.text())`,
  mapped: `fetch("http://[::ffff:127.0.0.1]:" + props.port).then((answer) => answer.text())`,
  mappedHex: `fetch("http://[::ffff:7f00:1]:" + props.port).then((answer) => answer.text())`,
  other: `fetch("http://127.0.0.2:" + props.port).then((answer) => answer.text())`,
  userinfo: `fetch("http://127.0.0.1:9@127.0.0.1:" + props.port).then((answer) => answer.text())`,
};

road("A plugin reaches no host", {
  attempts: {
    ...SPELLINGS,
    socket: `new Promise((resolve, reject) => {
      const socket = new WebSocket("ws://127.0.0.1:" + props.port);
      socket.onopen = () => resolve("ok"); socket.onerror = () => reject("refused"); })`,
    events: `new Promise((resolve, reject) => {
      const events = new EventSource(props.url);
      events.onopen = () => resolve("ok");
      events.onerror = () => reject("refused");
    })`,
    tls: `Deno.connectTls({ hostname: "127.0.0.1", port: Number(props.port) })`,
    unix: `Deno.connect({ transport: "unix", path: "/var/run/docker.sock" })`,
    unixListen: `Deno.listen({ transport: "unix", path: props.folder + "/socket" })`,
    vsock: `Deno.connect({ transport: "vsock", cid: 2, port: 1 })`,
    vsockListen: `Deno.listen({ transport: "vsock", cid: 2, port: 1 })`,
    vsockServe: `Deno.serve({ transport: "vsock", cid: 2, port: 1 }, () => new Response()).addr`,
    vsockObject: `Deno.connect({ transport: { toString: () => "vsock" }, cid: 2, port: 1 })`,
    vsockGetter:
      `(() => { let n = 0; return Deno.connect({ get transport() { return n++ === 0 ? "tcp" : "vsock"; },
      hostname: "127.0.0.1", cid: 2, port: Number(props.port) }); })()`,
    vsockProxy: `Deno.createHttpClient({ proxy: { transport: "vsock", cid: 2, port: 1 } })`,
    proxy: `Deno.createHttpClient({ proxy: { url: props.url } })`,
    client:
      `fetch("http://example.org/", { client: Deno.createHttpClient({ proxy: { url: props.url } }) })`,
    listen: `Deno.listen({ hostname: "127.0.0.1", port: 0 }).addr.port`,
    serve: `Deno.serve({ port: 0 }, () => new Response()).addr.port`,
    datagram: `Deno.listenDatagram({ port: 0, transport: "udp" })`,
    dns: `Deno.resolveDns("localhost", "A")`,
    quic: `Deno.connectQuic({ hostname: "127.0.0.1", port: Number(props.port) })`,
    stream: `new WebSocketStream("ws://127.0.0.1:" + props.port).opened`,
    webTransport: `new WebTransport("https://127.0.0.1:" + props.port).ready`,
    xhr: `new XMLHttpRequest().open("GET", props.url)`,
    beacon: `navigator.sendBeacon(props.url)`,
  },
  scene: () => forbiddenServer(),
});

road("A grant of one port is a grant of no other port and no other name", {
  permissions: `{ net: ["127.0.0.1:9", "localhost:9", "example.org"] }`,
  attempts: SPELLINGS,
  scene: () => forbiddenServer(),
});

road("A granted origin leads nowhere else by a redirect", {
  permissions: ({ props }) => `{ net: ["127.0.0.1:${props!["allowed"]}"] }`,
  attempts: {
    follow: `fetch(props.redirecting).then((answer) => answer.text())`,
    file: `fetch(props.toFile).then((answer) => answer.text())`,
  },
  async scene() {
    const allowed = secretServer();
    const forbidden = await forbiddenServer();
    const to = encodeURIComponent(forbidden.props!["url"]!);
    return {
      props: {
        allowed: String(allowed.port),
        redirecting: `${allowed.url}?to=${to}`,
        toFile: `${allowed.url}?to=${encodeURIComponent("file:///etc/hostname")}`,
      },
      after: (walked, base) => forbidden.after!(walked, base),
      async [Symbol.asyncDispose]() {
        await allowed[Symbol.asyncDispose]();
        await forbidden[Symbol.asyncDispose]();
      },
    };
  },
});
