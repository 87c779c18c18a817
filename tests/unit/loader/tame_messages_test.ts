import { assertEquals, assertThrows } from "@std/assert";
import { holdMessages } from "../../../src/loader/tame_messages.ts";
import { runPlugin, source } from "./_plugin.ts";

/** A server that says "hello", and then what it is told; it closes when it is told so. */
function echoing() {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { searchParams } = new URL(request.url);
    if (searchParams.has("refused")) return new Response("no", { status: 403 });
    const [protocol = ""] = request.headers.get("sec-websocket-protocol")?.split(", ") ?? [];
    const name = request.headers.get("x-mine") ?? "nobody";
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol });
    socket.onopen = () => socket.send(`hello ${name}`);
    socket.onmessage = ({ data }) =>
      data === "close" ? socket.close(4001, "as told") : socket.send(data);
    return response;
  });
}

/** What was heard until `done()`, by statements over `make`, which makes a socket to the server, `heard` and `done`. */
const CASES: Readonly<Record<string, string>> = {
  "what an event says": `const socket = make();
    heard.push(socket.readyState, socket.binaryType, socket.bufferedAmount, socket.extensions);
    socket.onmessage = (e) => {
      heard.push(e.type, e.data, e.origin === socket.url, e.lastEventId, e.isTrusted, e.target === socket);
      heard.push(e.currentTarget === socket, e.eventPhase, e.composedPath().length, e.defaultPrevented);
      heard.push(e instanceof MessageEvent, socket.readyState);
      setTimeout(() => { heard.push(e.target === socket, e.currentTarget, e.eventPhase); socket.close(); });
    };
    socket.onclose = (e) => { heard.push(e.type, e.code, e.reason, e.wasClean, socket.readyState); done(); };`,
  "the order of listeners": `const socket = make(); const gone = () => heard.push("gone");
    const { signal } = new AbortController(); const abort = new AbortController();
    socket.addEventListener("message", gone);
    socket.addEventListener("message", () => heard.push("once"), { once: true });
    socket.onmessage = function (e) { heard.push("handler", this === socket, e.data); };
    socket.addEventListener("message", { handleEvent: () => heard.push("object") }, { signal });
    socket.addEventListener("message", () => { heard.push("aborted"); abort.abort(); }, abort);
    socket.addEventListener("message", (e) => {
      heard.push("last");
      if (e.data === "second") socket.send("close");
      else socket.send("second");
    });
    socket.removeEventListener("message", gone);
    heard.push(typeof socket.onmessage);
    socket.onclose = (e) => { heard.push(e.code, e.reason, e.wasClean); done(); };`,
  "stopped events": `const socket = make();
    socket.addEventListener("message", (e) => { e.stopImmediatePropagation(); heard.push("first"); socket.close(3000, "mine"); });
    socket.addEventListener("message", () => heard.push("second"));
    socket.onclose = (e) => { heard.push(e.code, e.reason, e.wasClean); done(); };`,
  "bytes": `const socket = make(); let count = 0;
    socket.onopen = () => socket.send(new Blob(["blob"]));
    socket.onmessage = async ({ data }) => {
      if (typeof data === "string") return heard.push(data);
      heard.push(data instanceof Blob ? await data.text() : [...new Uint8Array(data)]);
      count++;
      if (count === 1) { socket.binaryType = "nothing"; socket.send(new Uint8Array([1, 2])); }
      if (count === 2) { heard.push(socket.binaryType); socket.binaryType = "arraybuffer"; socket.send(new Uint8Array([3]).buffer); }
      if (count === 3) { socket.onclose = done; socket.close(); }
    };`,
  "many in a row": `const socket = make();
    socket.onopen = () => { for (let i = 0; i < 300; i++) socket.send("n" + i); socket.send("close"); };
    socket.onmessage = ({ data }) => heard.push(data);
    socket.onclose = (e) => { heard.push(e.code); done(); };`,
  "protocols and headers":
    `const socket = make("", { protocols: ["a", "b"], headers: { "x-mine": "me" } });
    const other = make("", ["c"]); let left = 2;
    const said = ({ data, target }) => {
      if (target === socket) heard.push(data);
      if (--left > 0) return;
      heard.push(socket.protocol, other.protocol);
      other.onclose = done; socket.onclose = () => other.close(); socket.close();
    };
    socket.onmessage = other.onmessage = said;`,
  "a subclass": `class Mine extends (make.of) {
      constructor(...args) { super(...args); this.mine = 1; }
      send(data) { super.send("sub " + data); }
      set onmessage(handler) { this.addEventListener("message", (e) => handler.call(this, e)); }
    }
    const socket = make("", undefined, Mine);
    socket.onopen = () => socket.send("x");
    socket.onmessage = function ({ data }) {
      heard.push(data, this.mine, this instanceof Mine, this instanceof make.of, Object.keys(this));
      if (data === "sub x") { this.onclose = done; this.close(); }
    };`,
  "refusals": `const socket = make("?refused");
    const name = (f) => { try { f(); return "nothing"; } catch (error) { return error.name; } };
    heard.push(name(() => socket.send("early")), name(() => socket.close(1)), name(() => socket.close(3000, "x".repeat(200))));
    heard.push(name(() => make("#x")), name(() => make("", ["a", "a"])), name(() => make.of.prototype.send.call({}, "x")));
    socket.onerror = (e) => heard.push(e.type, e instanceof ErrorEvent, typeof e.message, e.target === socket);
    socket.onclose = (e) => { heard.push(e.code, e.wasClean, socket.readyState, name(() => socket.send("late"))); done(); };`,
  "a close before it is open": `const socket = make();
    socket.onopen = () => heard.push("open"); socket.onerror = () => heard.push("error");
    socket.onclose = (e) => { heard.push("close", e.wasClean); done(); };
    socket.close();`,
  "events of one's own": `const socket = make();
    socket.addEventListener("mine", (e) => heard.push(e.detail, e.isTrusted));
    socket.dispatchEvent(new CustomEvent("mine", { detail: 5 }));
    socket.onmessage = ({ data, isTrusted }) => {
      heard.push(data, isTrusted);
      if (isTrusted) { socket.dispatchEvent(new MessageEvent("message", { data: "own" })); socket.onclose = done; socket.close(); }
    };`,
};

/** Statements that give what was heard. */
const heardBy = (statements: string) =>
  `const heard = [];
  const make = (more = "", options, Class = WebSocket) => new Class(url + more, options);
  make.of = WebSocket;
  await new Promise((done) => { ${statements} });
  return heard;`;

for (const [what, statements] of Object.entries(CASES)) {
  Deno.test(`A plugin hears of a WebSocket what anybody hears: ${what}`, async () => {
    await using server = echoing();
    const url = `ws://127.0.0.1:${server.addr.port}/`;
    const there = await runPlugin(
      source(`const heard = await (async (url) => { ${heardBy(statements)} })("${url}");
        yield { message: { heard } };`),
      { permissions: { net: [new URL(url).host] } },
    );
    assertEquals(there.closed.end, { kind: "done" });
    const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
    const here = await new AsyncFunction("url", heardBy(statements))(url);
    assertEquals(there.rows.map((row) => row?.heard), [here]);
  });
}

Deno.test("A server of a plugin's hears the messages of its sockets", async () => {
  const run = await runPlugin(
    source(`const heard = [];
      const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.onopen = () => heard.push("open");
        socket.addEventListener("message", (e) => { heard.push(e.data, e.target === socket); socket.send("to you"); });
        socket.onclose = () => heard.push("close");
        return response;
      });
      const client = new WebSocket("ws://127.0.0.1:" + server.addr.port);
      client.onopen = () => client.send("to me");
      await new Promise((done) => {
        client.onmessage = ({ data }) => { heard.push(data); client.close(); };
        client.onclose = done;
      });
      await server.shutdown();
      yield { message: { heard } };`),
    { permissions: { net: ["127.0.0.1"] } },
  );
  assertEquals(run.closed.end, { kind: "done" });
  assertEquals(run.rows.map((row) => row?.heard), [["open", "to me", true, "to you", "close"]]);
});

Deno.test("holdMessages() refuses a runtime that reads messages in another way", () => {
  assertThrows(
    () => holdMessages({}, () => {}),
    Error,
    "this version of Deno keeps the listeners of a WebSocket in another way",
  );
});
