import { assertEquals } from "@std/assert";
import { assertClosed, walk } from "./_road.ts";

const ATTEMPTS = {
  fetch: "fetch(props.url).then((answer) => answer.text())",
  request: "fetch(new Request(props.url)).then((answer) => answer.text())",
  connect:
    `Deno.connect({ hostname: "127.0.0.1", port: Number(props.port) }).then((c) => (c.close(), "ok"))`,
  socket: `new WebSocket("ws://127.0.0.1:" + props.port).url && "ok"`,
};

Deno.test("A plugin reaches no host", async () => {
  let requests = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    requests++;
    return new Response("ok");
  });
  const { port } = server.addr;
  const props = { port: String(port), url: `http://127.0.0.1:${port}/` };
  await assertClosed({
    ...ATTEMPTS,
    events: `new Promise((resolve, reject) => {
      const events = new EventSource(props.url);
      events.onopen = () => resolve("ok");
      events.onerror = () => reject("refused");
    })`,
    tls: `Deno.connectTls({ hostname: "127.0.0.1", port: Number(props.port) })`,
    unix: `Deno.connect({ transport: "unix", path: "/var/run/docker.sock" })`,
    proxy: `Deno.createHttpClient({ proxy: { url: props.url } })`,
    listen: `Deno.listen({ hostname: "127.0.0.1", port: 0 }).addr.port`,
    serve: `Deno.serve({ port: 0 }, () => new Response()).addr.port`,
    datagram: `Deno.listenDatagram({ port: 0, transport: "udp" })`,
    dns: `Deno.resolveDns("example.com", "A")`,
  }, { props });
  // A grant of another port is no grant of this one.
  await assertClosed({ fetch: ATTEMPTS.fetch }, { props, permissions: { net: ["127.0.0.1:9"] } });
  assertEquals(requests, 0);
  const got = await walk({ fetch: ATTEMPTS.fetch, connect: ATTEMPTS.connect }, {
    props,
    permissions: { net: [`127.0.0.1:${port}`] },
  });
  assertEquals(got, { fetch: "ok", connect: "ok" });
});
