import { assertEquals, assertMatch } from "@std/assert";
import { type Harm, harm } from "./_venue.ts";

/** Statements that serve one request by the body of a handler, which has `request` and `part`, what lies open in it by name. */
const served = (body: string) =>
  `const part = (request: any, name: string) =>
    [...Object.getOwnPropertySymbols(request), ...Object.getOwnPropertySymbols(Object.getPrototypeOf(request))]
      .find((key) => String(key) === "Symbol(" + name + ")")!;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request: any) => {
    ${body}
    return new Response("x");
  });
  const stop = AbortSignal.timeout(1500);
  const text = await fetch("http://127.0.0.1:" + (server.addr as any).port, { signal: stop })
    .then((answer) => answer.text()).catch(() => "no answer");
  await new Promise((done) => setTimeout(done, 100));
  yield { message: { text } };`;

harm("What is thrown where the runtime asks a request when it is answered is said by nobody", {
  greeted: true,
  body: served(`
    void request.signal;
    const fail = () => { throw Object.assign(new Error("m"), { stack: "forged\\n12:00:00.000 error  engine: line" }); };
    for (const name of ["signal", "signalCache", "request"]) {
      try { Object.defineProperty(request, part(request, name), { get: fail, set: fail }); } catch { /* it is fixed */ }
    }`),
  check({ stdout, stderr }) {
    assertEquals(stderr.includes("forged"), false, stderr);
    assertEquals(stdout, '{"text":"x"}\n');
  },
});

harm("A request that is upgraded while it is being closed ends nothing", {
  greeted: true,
  body: served(`
    request.signal.addEventListener("abort", () => {
      try { request[part(request, "request")]._wantsUpgrade("upgradeHttpRaw"); } catch { /* there is no such thing */ }
    });`),
  check({ stdout, stderr, code }) {
    assertEquals([code, stdout], [0, '{"text":"x"}\n'], stderr);
    assertMatch(stderr, /1 in, 1 out/);
  },
});

/** Statements that make a socket of a request by the body of a handler, which has `response` and `inner`, what lies open in it. */
const upgraded = (body: string, more = "") =>
  `const innerOf = (response: any) => response[Object.getOwnPropertySymbols(response)
      .find((key) => String(key) === "Symbol(response)")!];
    const fail = () => { throw Object.assign(new Error("m"), { stack: "forged\\n12:00:00.000 error  engine: line" }); };
    let on = false;
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} ${more} }, (request: any) => {
      const { response }: any = Deno.upgradeWebSocket(request);
      const inner = innerOf(response);
      try { ${body} } catch { /* it is fixed */ }
      return response;
    });
    const socket = new WebSocket("ws://127.0.0.1:" + (server.addr as any).port);
    await new Promise((done) => { socket.onopen = socket.onerror = done; setTimeout(done, 1500); });
    socket.onclose = () => {};
    await new Promise((done) => setTimeout(done, 100));
    yield { message: { text: "lived" } };`;

const lived: Harm["check"] = ({ stdout, stderr, code }) => {
  assertEquals(stderr.includes("forged"), false, stderr);
  assertEquals([code, stdout], [0, '{"text":"lived"}\n'], stderr);
};

for (
  const [what, statements] of Object.entries({
    "headers that are none": `inner.headerList[0] = "nope";`,
    "headers that throw": `inner.headerList.length = 1;
      Object.defineProperty(inner.headerList, 0, { get: fail });`,
  })
) {
  harm(`An answer that makes a socket of a request has no ${what}`, {
    greeted: true,
    body: upgraded(statements),
    check: lived,
  });
}

harm("A protocol of a socket that changes while it is looked at ends nothing", {
  greeted: true,
  body: `let asked = 0; ${
    upgraded("").replace(
      "Deno.upgradeWebSocket(request)",
      `Deno.upgradeWebSocket(request, { get protocol(): any { return ++asked < 3 ? "a" : { not: "a text" }; } })`,
    ).replace("(server.addr as any).port)", `(server.addr as any).port, "a")`)
  }`,
  check: lived,
});

harm("A port that others may share ends nothing", {
  greeted: true,
  body: `for (const listen of [Deno.listen, Deno.listenTls, Deno.serve] as any[]) {
      try { listen({ hostname: "127.0.0.1", port: 0, reusePort: true, key: "", cert: "" }, () => new Response()); } catch { /* it is refused */ }
    }
    yield { message: { text: "lived" } };`,
  check: lived,
});

for (
  const [what, headers] of Object.entries({
    "a name of seventy thousand letters": `[["a".repeat(70_000), "b"]]`,
    "too many names": `Array.from({ length: 25_000 }, (_, i) => ["a" + i, "b"])`,
    "too many cookies": `Array.from({ length: 25_000 }, () => ["set-cookie", "b"])`,
  })
) {
  harm(`An answer with headers of ${what} ends nothing`, {
    greeted: true,
    slow: true,
    body: served(`return new Response("x", { headers: ${headers} as [string, string][] });`)
      .replace("message: { text }", 'message: { text: "lived" }'),
    check: lived,
  });
}

harm("A request with headers of too many names ends nothing", {
  greeted: true,
  slow: true,
  body:
    `const headers = Array.from({ length: 25_000 }, (_, i) => ["a" + i, "b"]) as [string, string][];
    await fetch("http://127.0.0.1:1/", { headers }).catch(() => {});
    yield { message: { text: "lived" } };`,
  check: lived,
});

harm("A socket that is made of a request too late is said of by nobody", {
  greeted: true,
  harmless:
    "without what makes the answer anew there is no moment between that and the runtime's look at it",
  body: `const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      (async () => { await null; await null; try { Deno.upgradeWebSocket(request); } catch { /* it was answered */ } })();
      return new Response("x");
    });
    const socket = new WebSocket("ws://127.0.0.1:" + (server.addr as any).port);
    await new Promise((done) => { socket.onopen = socket.onerror = done; setTimeout(done, 1500); });
    await new Promise((done) => setTimeout(done, 100));
    yield { message: { text: "lived" } };`,
  check(walked) {
    lived(walked);
    assertEquals(/^Upgrade/m.test(walked.stderr), false, walked.stderr);
  },
});

harm("What the runtime asks when an answer is refused is no handler of a plugin's", {
  greeted: true,
  body: `const real = Object.getOwnPropertyDescriptor(Response.prototype, "bodyUsed")!;
    Object.defineProperty(Response.prototype, "bodyUsed", {
      get() { return on || Reflect.apply(real.get!, this, []); }, configurable: true });
    ${
    upgraded(
      "on = true;",
      `, onError() {
        on = false;
        const answer = new Response("x");
        Object.defineProperty(innerOf(answer), "status", { get: fail });
        return answer;
      }`,
    )
  }`,
  check: lived,
});
