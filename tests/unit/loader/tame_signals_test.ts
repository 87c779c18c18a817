import { assertEquals } from "@std/assert";
import { runPlugin, source } from "./_plugin.ts";

/** What a plugin puts into `heard` in these statements. */
async function heard(statements: string, permissions = {}): Promise<unknown> {
  const run = await runPlugin(
    source(`const heard = []; ${statements} yield { message: { heard } };`),
    { permissions },
  );
  assertEquals(run.closed.end, { kind: "done" });
  return run.rows[0]?.heard;
}

const cases: Readonly<Record<string, [statements: string, heard: unknown[]]>> = {
  "any of several": [
    `const a = new AbortController(), b = new AbortController();
    const any = AbortSignal.any(new Set([a.signal, b.signal])); heard.push(any instanceof AbortSignal, any.aborted);
    b.abort("why"); heard.push(any.aborted, any.reason); a.abort("later"); heard.push(any.reason);`,
    [true, false, true, "why", "why"],
  ],
  "any of what is aborted": [
    `heard.push(AbortSignal.any([new AbortController().signal, AbortSignal.abort("why")]).reason, AbortSignal.any([]).aborted);`,
    ["why", false],
  ],
  "any of any": [
    `const a = new AbortController();
    const any = AbortSignal.any([AbortSignal.any([a.signal])]); a.abort(); heard.push(any.reason.name);`,
    ["AbortError"],
  ],
  "what is no signal": [
    `for (const wrong of [
      () => AbortSignal.any([{}]), () => AbortSignal.any(), () => AbortSignal.timeout(-1), () => AbortSignal.timeout("x"),
      () => new Request("http://a.b/", { signal: {} }), () => new Request("http://a.b/", 1), () => Request("http://a.b/"),
      () => new Request(),
    ]) { try { wrong(); heard.push("nothing"); } catch (error) { heard.push(error.name); } }`,
    Array(8).fill("TypeError"),
  ],
  "a timeout": [
    `const signal = AbortSignal.timeout(1); await new Promise((done) => signal.onabort = done);
    heard.push(signal.reason.name);
    const any = AbortSignal.any([AbortSignal.timeout(1), new AbortController().signal]);
    await new Promise((done) => any.addEventListener("abort", done)); heard.push(any.reason.name);`,
    ["TimeoutError", "TimeoutError"],
  ],
  "a request": [
    `const a = new AbortController(); const one = new Request("http://a.b/", { signal: a.signal, method: "POST", body: "x" });
    const two = new Request(one, { headers: { a: "b" } }); const three = new Request(two, { signal: null });
    class Mine extends Request {} const mine = new Mine("http://a.b/c", new Request("http://a.b/", { signal: a.signal, method: "PUT" }));
    heard.push(one.signal.aborted, one instanceof Request, one.constructor === Request, mine instanceof Mine, mine.method);
    a.abort("why"); heard.push(one.signal.reason, two.signal.reason, two.headers.get("a"), await three.text(), three.signal.aborted, mine.signal.reason);`,
    [false, true, true, true, "PUT", "why", "why", "b", "x", false, "why"],
  ],
  "a request with what is aborted": [
    `heard.push(new Request("http://a.b/", { signal: AbortSignal.abort("why") }).signal.reason);
    try { await fetch("data:,x", { signal: AbortSignal.abort("why") }); } catch (error) { heard.push(error); }`,
    ["why", "why"],
  ],
};

for (const [what, [statements, expected]] of Object.entries(cases)) {
  Deno.test(`tameSignals() keeps signals working: ${what}`, async () => {
    assertEquals(await heard(statements), expected);
  });
}

Deno.test("What fetches asks no class that a plugin has put in the place of a global", async () => {
  assertEquals(
    await heard(
      `const Real = Request, RealUrl = URL;
      globalThis.Request = function () { heard.push("Request"); return new Real("data:,other"); };
      globalThis.URL = function (...all) { heard.push("URL"); return new RealUrl(...all); };
      heard.push(await (await fetch("data:,x")).text(), Request === Real, URL === RealUrl);
      globalThis.Request = Real; heard.push(new Request("data:,x").url);`,
    ),
    ["x", false, false, "data:,x"],
  );
});

Deno.test("tameSignals() lets a plugin abort what it fetches, before the answer", async () => {
  // It never answers. A server of the runtime's with a request that nobody answers may never end.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const host = `127.0.0.1:${listener.addr.port}`;
  assertEquals(
    await heard(
      `const a = new AbortController(); setTimeout(() => a.abort("before"));
      await fetch("http://${host}/", { signal: AbortSignal.any([a.signal]) }).catch((error) => heard.push(error));`,
      { net: [host] },
    ),
    ["before"],
  );
  using _socket = await accepted;
});
