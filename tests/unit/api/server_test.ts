import { assertEquals } from "@std/assert";
import { listen, type Serve } from "../../../src/api/server.ts";
import { type Logger, silentLogger } from "../../../src/core/mod.ts";

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

Deno.test("listen() ends while it waits to listen again", async () => {
  const asleep = Promise.withResolvers<void>();
  const failing: Serve = (options, handler) => {
    const server = Deno.serve(options, handler);
    const finished = server.shutdown().then(() => {
      throw new Error("gone");
    });
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
