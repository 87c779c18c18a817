import { assertEquals, assertThrows } from "@std/assert";
import { lateStream, ownRequests } from "../../../src/loader/own_request.ts";

/** What a handler gets, and what ours says of it. */
async function asked(
  init: RequestInit,
  look: (own: Request, real: Request) => unknown,
): Promise<unknown> {
  const requests = ownRequests();
  const seen = Promise.withResolvers<unknown>();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (real) => {
      const own = requests.own(real) as Request;
      assertEquals(requests.realOf(own), real);
      seen.resolve(await look(own, real));
      return new Response("x");
    },
  );
  const answer = await fetch(`http://127.0.0.1:${server.addr.port}/a%20b?c=d`, init);
  await answer.text();
  return await seen.promise;
}

Deno.test("ownRequests() gives a request that says what the runtime's says", async () => {
  const headers = [["x-a", "1"], ["cookie", "c=1"], ["x-a", "2"]] as [string, string][];
  for (const init of [{ headers }, { method: "DELETE", headers }, { method: "PATCH", body: "x" }]) {
    const pairs = await asked(init, (own, real) => [
      [own.method, own.url, [...own.headers]],
      [real.method, real.url, [...real.headers]],
    ]) as [unknown, unknown];
    assertEquals(pairs[0], pairs[1]);
  }
});

Deno.test("ownRequests() gives the body of a request when it is read", async () => {
  assertEquals(await asked({ method: "POST", body: "told" }, (own) => own.text()), "told");
  assertEquals(await asked({ method: "POST" }, (own) => own.text()), "");
  const large = "x".repeat(1_000_000);
  assertEquals(await asked({ method: "PUT", body: large }, (own) => own.text()), large);
  const form = new URLSearchParams({ a: "b" });
  assertEquals(
    await asked({ method: "POST", body: form }, async (own) => [...await own.formData()]),
    [["a", "b"]],
  );
  assertEquals(
    await asked({ method: "POST", body: "never" }, (own) => own.body?.cancel()),
    undefined,
  );
  assertEquals(await asked({ method: "POST", body: "none" }, (own) => own.bodyUsed), false);
});

Deno.test("ownRequests() shows nothing of the runtime's request in its own", async () => {
  const isHidden = await asked({ method: "POST", body: "x" }, (own, real) => {
    const parts = (request: object) =>
      Object.getOwnPropertySymbols(request).map((key) => (request as Record<symbol, unknown>)[key])
        .filter((part) => typeof part === "object" && part !== null);
    const theirs = new Set([real, ...parts(real)]);
    return parts(own).every((part) => !theirs.has(part as object)) && own.signal !== real.signal;
  });
  assertEquals(isHidden, true);
  assertEquals(ownRequests().realOf(new Request("http://localhost/")), undefined);
  assertEquals(ownRequests().realOf("x"), undefined);
});

Deno.test("lateStream() opens nothing before it is read, and cancels what it has opened", async () => {
  let opened = 0;
  let cancelled: unknown;
  const make = () => {
    opened++;
    return new ReadableStream({
      pull: (controller) => controller.enqueue("x"),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
  };
  const stream = lateStream(make, (value) => {
    if (value !== "x") throw new TypeError("other");
  });
  await Promise.resolve();
  assertEquals(opened, 0);
  const reader = stream.getReader();
  assertEquals(await reader.read(), { done: false, value: "x" });
  await reader.read();
  await reader.cancel("enough");
  assertEquals([opened, cancelled], [1, "enough"]);
  assertEquals(await Array.fromAsync(lateStream(() => null)), []);
  assertThrows(() => lateStream(make).getReader({ mode: "none" as never }), TypeError);
});
