import { assertEquals, assertThrows } from "@std/assert";
import { ownAnswers } from "../../../src/loader/own_answer.ts";
import { ownRequests } from "../../../src/loader/own_request.ts";
import { quietServe } from "../../../src/loader/quiet_serve.ts";
import type { Callable, Realm } from "../../../src/loader/realm.ts";

const answers = ownAnswers();
const requests = ownRequests();
const served = { answers, requests };
const own = quietServe(Deno.serve as Callable, globalThis as unknown as Realm, served);

type Handler = (request: Request) => Response | Promise<Response>;

/** What a client gets from a server that was started by `serve`. */
async function got(serve: Callable, handler: Handler, init?: RequestInit): Promise<unknown> {
  await using server = serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    handler,
  ) as Deno.HttpServer<Deno.NetAddr>;
  const answer = await fetch(`http://127.0.0.1:${server.addr.port}/a?b`, {
    redirect: "manual",
    ...init,
  });
  const headers = [...answer.headers].filter(([name]) =>
    !/^(?:date|content-length|vary)$/.test(name)
  );
  return { status: answer.status, headers, text: await answer.text() };
}

const CASES: Readonly<Record<string, [handler: Handler, init?: RequestInit]>> = {
  "a text": [() => new Response("text")],
  "an object": [() => Response.json({ a: 1 }, { status: 201, headers: { "x-a": "b" } })],
  "bytes": [() => new Response(new Uint8Array([65, 66]))],
  "a blob": [() => new Response(new Blob(["blob"], { type: "text/x" }))],
  "a form": [() => new Response(new URLSearchParams({ a: "b" }))],
  "nothing": [() => new Response(null, { status: 204 })],
  "an empty text": [() => new Response("")],
  "a redirect": [() => Response.redirect("http://127.0.0.1/elsewhere", 307)],
  "cookies": [() => {
    const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
    return new Response("", { headers });
  }],
  "a stream": [() =>
    new Response(
      new Blob(["a".repeat(100_000)]).stream().pipeThrough(new TransformStream()),
    )],
  "a compressed stream": [
    () =>
      new Response(new Blob(["zip"]).stream().pipeThrough(new CompressionStream("gzip")), {
        headers: { "content-encoding": "gzip" },
      }),
  ],
  "a later one": [async (request) => new Response(await request.text() + request.url.slice(-4)), {
    method: "POST",
    body: "told",
  }],
  "the head of one": [() => new Response("text", { headers: { "x-a": "b" } }), { method: "HEAD" }],
};

for (const [what, [handler, init]] of Object.entries(CASES)) {
  Deno.test(`ownAnswers() answers as the plugin's server did: ${what}`, async () => {
    assertEquals(await got(own, handler, init), await got(Deno.serve as Callable, handler, init));
  });
}

Deno.test("quietServe() takes the handler that the runtime would take, whatever stands beside it", () => {
  const handed: unknown[] = [];
  const serve: Callable = (_options, handler) => handed.push(handler);
  const handler = () => new Response("text");
  for (const second of [{}, null, "text"]) {
    quietServe(serve, globalThis as unknown as Realm, served)({ handler }, second);
  }
  // None is the plugin's own, which would answer with what nobody has looked at.
  assertEquals(handed.map((one) => typeof one === "function" && one !== handler), [
    true,
    true,
    true,
  ]);
});

Deno.test("ownAnswers() says what goes wrong by an answer, and the server goes on", async () => {
  const used = new Response("once");
  await used.text();
  const given: unknown[] = [
    new Response("a"),
    undefined,
    {},
    used,
    Response.error(),
    new Response("b"),
  ];
  const seen: unknown[] = [];
  const { error } = console;
  console.error = () => {};
  try {
    for (const answer of given) {
      const { status, text } = await got(own, () => answer as Response) as Record<string, unknown>;
      seen.push(`${status} ${text}`);
    }
  } finally {
    console.error = error;
  }
  const wrong = "500 Internal Server Error";
  assertEquals(seen, ["200 a", wrong, wrong, wrong, wrong, "200 b"]);
});

Deno.test("ownAnswers() gives what stands in for an answer for no other request", () => {
  const [answer, request] = [new Response(null), new Request("http://localhost/")];
  const instead = answers.standIn(answer, request);
  assertEquals(answers.own(instead, request), answer);
  const other = new Request("http://localhost/");
  assertThrows(() => answers.own(instead, other), TypeError, "for another request");
});

Deno.test("ownAnswers() lets a socket be made of a request", async () => {
  await using server = own(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request: unknown) => {
      const real = requests.realOf(request) as Request;
      const { socket, response } = Deno.upgradeWebSocket(real);
      socket.onmessage = ({ data }) => socket.send(`back ${data}`);
      const instead = answers.standIn(response, real) as Response;
      assertEquals([instead.status, instead === response], [101, false]);
      return instead;
    },
  ) as Deno.HttpServer<Deno.NetAddr>;
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}`);
  socket.onopen = () => socket.send("told");
  const heard = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    heard.resolve(data);
    socket.close();
  };
  socket.onclose = () => closed.resolve();
  assertEquals(await heard.promise, "back told");
  await closed.promise;
});
