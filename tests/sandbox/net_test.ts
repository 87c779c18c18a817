import { assertEquals } from "@std/assert";
import { HOSTS } from "./_other_roads.ts";
import { allowed, asks, type Attempts, ended, road, type Scene, secretServer } from "./_venue.ts";

/** A server that nobody may reach; the control does. */
function forbiddenServer(more: Record<string, string> = {}): Promise<Scene> {
  const server = secretServer();
  return Promise.resolve({
    props: { url: server.url, port: String(server.port), ...more },
    after: () => assertEquals(server.requests(), 0),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}

const allAsk = (codes: Readonly<Record<string, string>>): Attempts =>
  Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, asks(code)]));

/** Options that are no plain object: the runtime looks only at what they have. */
const likeOptions = (properties: string) => `Object.assign(() => {}, ${properties}) as any`;

const SPELLINGS = allAsk({
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
  six: `fetch("http://[::1]:" + props.port).then((answer) => answer.text())`,
  sixLong: `fetch("http://[0:0:0:0:0:0:0:1]:" + props.port).then((answer) => answer.text())`,
  sixConnect:
    `Deno.connect({ hostname: "::1", port: Number(props.port) }).then((c) => (c.close(), "ok"))`,
  sixBrackets:
    `Deno.connect({ hostname: "[::1]", port: Number(props.port) }).then((c) => (c.close(), "ok"))`,
  sixAny: `fetch("http://[::]:" + props.port).then((answer) => answer.text())`,
  mappedConnect:
    `Deno.connect({ hostname: "::ffff:127.0.0.1", port: Number(props.port) }).then((c) => (c.close(), "ok"))`,
  decimalConnect:
    `Deno.connect({ hostname: "2130706433", port: Number(props.port) }).then((c) => (c.close(), "ok"))`,
});

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
    // For these the runtime wants a flag; without it it ends the program.
    vsock: ended(`Deno.connect({ transport: "vsock", cid: 2, port: 1 })`),
    vsockListen: ended(`Deno.listen({ transport: "vsock", cid: 2, port: 1 })`),
    vsockServe: ended(
      `Deno.serve({ transport: "vsock", cid: 2, port: 1 }, () => new Response()).addr`,
    ),
    vsockFunction: ended(
      `Deno.connect(${likeOptions(`{ transport: "vsock", cid: 2, port: 1 }`)})`,
    ),
    vsockListenFunction: ended(
      `Deno.listen(${likeOptions(`{ transport: "vsock", cid: 2, port: 1 }`)})`,
    ),
    connectFunction: `Deno.connect(${
      likeOptions(`{ hostname: "127.0.0.1", port: Number(props.port) }`)
    }).then((c) => (c.close(), "ok"))`,
    proxyFunction: `Deno.createHttpClient({ proxy: ${
      likeOptions("{ url: props.url }")
    } }).close() ?? "made"`,
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
    dns: asks(`Deno.resolveDns("localhost", "A")`),
    quic: `Deno.connectQuic({ hostname: "127.0.0.1", port: Number(props.port) })`,
    stream: `new WebSocketStream("ws://127.0.0.1:" + props.port).opened`,
    webTransport: `new WebTransport("https://127.0.0.1:" + props.port).ready`,
    xhr: `new XMLHttpRequest().open("GET", props.url)`,
    beacon: `navigator.sendBeacon(props.url)`,
  },
  scene: () => forbiddenServer(),
});

const text = ".then((answer) => answer.text())";

road("A grant of an address is a grant of no name and of no other address", {
  permissions: ({ props }) => `{ net: ["127.0.0.1:${props!["port"]}"] }`,
  // Other spellings of the same address are the same host, and so is the IPv6 form that the system takes for it.
  attempts: Object.fromEntries(
    Object.entries(SPELLINGS).filter(([name]) =>
      !/^(?:fetch|request|connect|decimal|hex|octal|short|userinfo|mapped\w*)$/.test(name)
    ),
  ),
  scene: () => forbiddenServer(),
});

road(
  "A grant of one default port is a grant of no other, and of no host without a port",
  {
    permissions: `{ net: ["127.0.0.1:443", "localhost:80", "127.0.0.3:8080"] }`,
    attempts: allAsk({
      http: `fetch("http://127.0.0.1/")${text}`,
      httpPort: `fetch("http://127.0.0.1:80/")${text}`,
      httpEmpty: `fetch("http://127.0.0.1:/")${text}`,
      https: `fetch("https://localhost/")${text}`,
      httpsPort: `fetch("https://localhost:443/")${text}`,
      connect: `Deno.connect({ hostname: "127.0.0.1", port: 80 })`,
      connectText: `Deno.connect({ hostname: "127.0.0.1:443", port: 80 } as any)`,
      connectTls:
        `Deno.connectTls({ hostname: "localhost", port: 443 }).then((c) => c.handshake())`,
      socket: `fetch("http://127.0.0.3/")${text}`,
      socketTls: `fetch("https://127.0.0.3/")${text}`,
      portBeyond: `Deno.connect({ hostname: "127.0.0.3", port: 8080 + 65536 })`,
    }),
  },
);

/** A socket of the machine, and a folder in which the plugin may make one. */
async function unixScene(folder: string, base: string): Promise<Scene> {
  const socket = `${folder}/engine.sock`;
  const granted = `${base}/data/out`;
  await Deno.mkdir(granted);
  const own = `${granted}/own.sock`;
  const servers = [socket, own].map((path) =>
    Deno.serve({ path, onListen() {} }, () => new Response("answered"))
  );
  return {
    props: { socket, own, granted },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.shutdown();
    },
  };
}

road("A plugin reaches no unix socket and makes none", {
  attempts: {
    connect:
      `Deno.connect({ transport: "unix", path: props.socket }).then((c) => c.close() ?? "ok")`,
    proxy: `fetch("http://a.example/", { client: Deno.createHttpClient(
      { proxy: { transport: "unix", path: props.socket } } as any) })${text}`,
    listen: `Deno.listen({ transport: "unix", path: props.folder + "/a" }).close() ?? "ok"`,
    serve: `Deno.serve({ path: props.folder + "/b" }, () => new Response()).shutdown()
      .then(() => "ok")`,
    packet: `Deno.listenDatagram({ transport: "unixpacket", path: props.folder + "/c" })`,
    abstract: `Deno.listen({ transport: "unix", path: "\0kuiper" }).close() ?? "ok"`,
    connectFunction: `Deno.connect(${likeOptions(`{ transport: "unix", path: props.socket }`)})
      .then((c: any) => c.close() ?? "ok")`,
  },
  scene: unixScene,
});

road("A folder that was granted gives no unix socket without a grant of the network", {
  permissions: ({ props }) => `{ read: ["${props!["granted"]}"], write: ["${props!["granted"]}"] }`,
  attempts: {
    listen: `Deno.listen({ transport: "unix", path: props.granted + "/a" }).close() ?? "ok"`,
    serve: `Deno.serve({ path: props.granted + "/b" }, () => new Response()).shutdown()
      .then(() => "ok")`,
    connect:
      `Deno.connect({ transport: "unix", path: props.socket }).then((c) => c.close() ?? "ok")`,
    connectFunction: `Deno.connect(${likeOptions(`{ transport: "unix", path: props.own }`)})
      .then((c: any) => c.close() ?? "ok")`,
    listenFunction: `Deno.listen(${
      likeOptions(`{ transport: "unix", path: props.granted + "/c" }`)
    }).close() ?? "ok"`,
    clientFunction: `Deno.createHttpClient(${
      likeOptions(`{ proxy: { transport: "unix", path: props.own } }`)
    }).close() ?? "ok"`,
    proxyFunction: `Deno.createHttpClient({ proxy: ${
      likeOptions(`{ transport: "unix", path: props.own }`)
    } }).close() ?? "ok"`,
    link: `(Deno.symlinkSync(props.socket, props.granted + "/s"),
      Deno.connect({ transport: "unix", path: props.granted + "/s" }).then((c) => c.close() ?? "ok"))`,
  },
  scene: unixScene,
});

road("A grant of one port is a grant of no other port and no other name", {
  permissions: `{ net: ["127.0.0.1:9", "localhost:9", "example.org"] }`,
  attempts: SPELLINGS,
  scene: () => forbiddenServer(),
});

const connects = (hostname: string, port: string) =>
  asks(
    `Deno.connect({ hostname: ${hostname}, port: ${port} } as any).then((c) => c.close() ?? "ok")`,
  );

road("A port or a host that is written in an unusual way is the one that it is", {
  // The one before: what is cut off or rounded leads from the one to the other.
  permissions: ({ props }) => `{ net: ["127.0.0.1:${Number(props!["port"]) - 1}"] }`,
  attempts: {
    ...Object.fromEntries(
      Object.entries({
        blanks: `" " + props.port + " "`,
        hex: `"0x" + Number(props.port).toString(16)`,
        exponent: `props.port + "e0"`,
        fraction: `Number(props.port) - 0.1`,
        fractionText: `(Number(props.port) - 0.1).toFixed(1)`,
        beyond: `Number(props.port) + 65536`,
        beyondGranted: `Number(props.port) - 1 + 65536`,
      }).map(([name, port]) => [`port ${name}`, connects(`"127.0.0.1"`, port)]),
    ),
    ...Object.fromEntries(
      ["0", "0.0.0.0", "::", "::127.0.0.1", "0x7f000001"].map((
        host,
      ) => [`host ${host}`, connects(JSON.stringify(host), "Number(props.port)")]),
    ),
    ...allAsk({
      fullWidth: `fetch("http://\uff11\uff12\uff17.0.0.1:" + props.port)${text}`,
      softHyphen: `fetch("http://12\u00ad7.0.0.1:" + props.port)${text}`,
      tab: `fetch("http://127.0.0.1:" + props.port[0] + "\t" + props.port.slice(1))${text}`,
      zero: `fetch("http://0:" + props.port)${text}`,
    }),
  },
  scene: () => forbiddenServer(),
});

road("A name behind an address that was granted is not looked up", {
  permissions: `{ net: ["127.0.0.1"] }`,
  attempts: Object.fromEntries(
    Object.entries({
      connect: `Deno.connect({ hostname: "127.0.0.1%localhost", port: 9 })`,
      connectTls: `Deno.connectTls({ hostname: "127.0.0.1%localhost", port: 9 })`,
      listen: `Deno.listen({ hostname: "127.0.0.1%localhost", port: 0 }).close()`,
    }).map(([name, code]) => [name, {
      code,
      // The machine says that there is no such name, if it says anything.
      hit: (got: string | undefined) => got?.startsWith("!NotCapable") !== true,
    }]),
  ),
});

road("A server on a port that was granted is one of no other transport", {
  permissions: `{ net: ["127.0.0.1"] }`,
  attempts: Object.fromEntries(
    ["cid: 2", "cid: undefined", "transport: 'vsock', cid: 2", "tunnel: true"].map((option) => [
      option,
      // For these the runtime wants a flag, or another program; without it it ends the program, or throws.
      allowed(`Deno.serve({ ${option}, port: 8000, hostname: "127.0.0.1", onListen() {} } as any,
        () => new Response()).addr`),
    ]),
  ),
});

road("A grant of one host is a grant of no other by any call", HOSTS);

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
