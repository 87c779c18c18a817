import { assertEquals } from "@std/assert";
import { listen, type Serve } from "../../../src/api/server.ts";
import { newToken } from "../../../src/api/mod.ts";
import { type Logger, silentLogger } from "../../../src/core/mod.ts";
import { FakeServer } from "./_rest.ts";

const OPTIONS = { ip: "127.0.0.1", port: 0, hasTokens: false, insecure: false };

Deno.test("listen() begins again where it listened when no more can be accepted, and says so", async () => {
  const lines: string[] = [];
  const log: Logger = { ...silentLogger, error: (line) => void lines.push(line) };
  const failed = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const ports: (number | undefined)[] = [];
  const slept: number[] = [];
  const serve: Serve = (options, handler) => {
    ports.push(options.port);
    if (ports.length === 2) throw new Error("Too many open files (os error 24)");
    const server = Deno.serve(options, handler);
    if (ports.length > 1) {
      begun.resolve();
      return server;
    }
    // As the runtime does it: its listener is gone then.
    const finished = failed.promise.then(() => server.shutdown()).then(() => {
      throw new Error("Too many open files (os error 24)");
    });
    return new Proxy(server, {
      get: (target, name) => name === "finished" ? finished : Reflect.get(target, name),
    });
  };
  const clock = {
    now: () => Date.now(),
    sleep: (ms: number) => {
      slept.push(ms);
      return Promise.resolve();
    },
  };
  await using server = listen(() => Promise.resolve(new Response("here")), { ...OPTIONS, log }, {
    serve,
    clock,
  });
  failed.resolve();
  await begun.promise;
  assertEquals(await (await fetch(server.address)).text(), "here");
  const port = Number(new URL(server.address).port);
  assertEquals(ports, [0, port, port]);
  assertEquals(slept, [1000, 1000]);
  const line = `Cannot take requests at ${server.address}: Too many open files (os error 24); ` +
    "trying again in 1 s";
  assertEquals(lines, [line, line]);
});

for (
  const [how, end] of Object.entries({
    "fails": () => {
      throw new Error("gone");
    },
    "ends": () => {},
  })
) {
  Deno.test(`listen() ends while it waits to listen again after a server that ${how} by itself`, async () => {
    const asleep = Promise.withResolvers<void>();
    const failing: Serve = (options, handler) => {
      const server = Deno.serve(options, handler);
      const finished = server.shutdown().then(end);
      return new Proxy(server, {
        get: (target, name) => name === "finished" ? finished : Reflect.get(target, name),
      });
    };
    const server = listen(() => Promise.resolve(new Response()), {
      ...OPTIONS,
      log: silentLogger,
    }, {
      serve: failing,
      clock: {
        now: () => 0,
        sleep: (_, signal) => {
          asleep.resolve();
          return new Promise((_, reject) =>
            signal!.addEventListener("abort", () => reject(signal!.reason))
          );
        },
      },
    });
    await asleep.promise;
    await server[Symbol.asyncDispose]();
  });
}

/** The first line of the answer to a request as it is on the wire. */
async function answerTo(address: string, request: string): Promise<string> {
  const { hostname, port } = new URL(address);
  using socket = await Deno.connect({ hostname, port: Number(port) });
  await socket.write(new TextEncoder().encode(request));
  const text = await new Response(socket.readable).text();
  return text.split("\r\n", 1)[0]!;
}

Deno.test("listen() hands no request past the tokens, whatever it calls the server", async () => {
  const { hash } = await newToken();
  const rest = new FakeServer({ tokens: { alice: hash } });
  rest.define('CREATE STREAM a () WITH (TYPE="random")');
  await using server = listen((request) => rest.send(request), { ...OPTIONS, log: silentLogger });
  const ask = (method: string, path: string, host: string, version = "1.1") =>
    answerTo(
      server.address,
      `${method} ${path} HTTP/${version}\r\n${host}connection: close\r\n\r\n`,
    );
  for (const host of ["a?", "a#", "a/ping?", "a\\ping?b", "a b", "a@b", "[::1", "", "a:b", "é"]) {
    for (const version of ["1.0", "1.1"]) {
      const line = await ask("GET", "/streams", `host: ${host}\r\n`, version);
      assertEquals(/ 40[01] /.test(line), true, `${host}: ${line}`);
    }
  }
  for (
    const path of [
      "/streams",
      "/ping/../streams",
      "/streams/%2e%2e/streams",
      "//streams",
      "http://a/streams",
      "http://a?/streams",
      "http://a#/streams",
      "/?/streams",
    ]
  ) {
    const line = await ask("DELETE", path, "host: localhost\r\n");
    assertEquals(/ 40[0145] /.test(line), true, `${path}: ${line}`);
  }
  assertEquals([...rest.streams.keys()], ["a"]);
  assertEquals(await ask("GET", "/ping", "host: localhost:1\r\n"), "HTTP/1.1 200 OK");
  assertEquals(await ask("GET", "/ping", "", "1.0"), "HTTP/1.0 200 OK");
});
