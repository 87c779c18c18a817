import { assertEquals, assertMatch } from "@std/assert";
import { LOOKED_AT, plant } from "./_told.ts";
import { type Harm, harm, runHarm, without } from "./_venue.ts";

/** Finds what the runtime keeps on an object under a symbol of that name. */
const OPEN = `const symbolOf = (object: any, name: string) => {
  for (let at = object; at !== null; at = Object.getPrototypeOf(at)) {
    for (const one of Object.getOwnPropertySymbols(at)) if (String(one) === "Symbol(" + name + ")") return one;
  }
  throw new Error("there is no " + name);
};
const listening: any = new EventTarget();
listening.addEventListener("x", () => {});
const table = Object.getOwnPropertySymbols(listening).find((one) => listening[one]?.listeners)!;
const way = symbolOf(new Event("x"), "[[path]]");
const loop = symbolOf(WebSocket.prototype, "[[eventLoop]]");
const other: any = new EventTarget();
other.addEventListener("message", () => {});
const astray = () => [{ item: other, target: other }];
const socket: any = new WebSocket(SOCKET);
socket.onopen = () => socket.send("again");
let heard: any = socket;
`;

/** It goes on when the socket is closed: all messages were told before. */
const CLOSED = `await new Promise((done) => heard.addEventListener("close", done));
yield { message: { closed: true } };`;

/** What leads the runtime to a function of the plugin's while it tells of a message, in which something is thrown. */
const ROADS: Readonly<Record<string, (thrown: string) => string>> = {
  "its table of listeners": (thrown) => plant("socket", `{ throw ${thrown}; }`),
  "its table of listeners, after a message": (thrown) =>
    `socket.addEventListener("message", () => {
      try { ${plant("socket", `{ throw ${thrown}; }`)} } catch { /* it is fixed */ }
    }, { once: true });`,
  "a table that cannot be taken away": (thrown) =>
    `${plant("listening", `{ throw ${thrown}; }`)}
    Object.defineProperty(socket, table, { value: listening[table], writable: false, configurable: false });`,
  "a table of its class": (thrown) =>
    `${plant("listening", `{ throw ${thrown}; }`)}
    class Mine extends WebSocket {}
    Object.defineProperty(Mine.prototype, table, { get: () => listening[table], set() {} });
    heard = new Mine(SOCKET);
    heard.onopen = () => heard.send("again");`,
  "a parent of its own": (thrown) =>
    `${plant("other", `{ throw ${thrown}; }`)}
    Object.assign(socket, { nodeType: 1, parentNode: other, getRootNode: () => null });`,
  "what makes an event": (thrown) =>
    `${plant("other", `{ throw ${thrown}; }`)}
    try {
      Object.setPrototypeOf(MessageEvent, function () {
        return Object.defineProperty(new Event("message"), way, { get: astray, set() {} });
      });
    } catch { /* it is fixed */ }`,
  "the type of an event": (thrown) =>
    `${plant("other", `{ throw ${thrown}; }`)}
    const { get } = Object.getOwnPropertyDescriptor(Event.prototype, "type")!;
    try {
      Object.defineProperty(Event.prototype, "type", { get(this: any) {
        const type = Reflect.apply(get!, this, []);
        if (type === "message" && this[way].length > 0) this[way][0] = astray()[0];
        return type;
      } });
    } catch { /* it is fixed */ }`,
  "where an event is": (thrown) =>
    `socket.addEventListener("message", () => {});
    try {
      Object.defineProperty(Event.prototype, "currentTarget", { get() { throw ${thrown}; } });
    } catch { /* it is fixed */ }`,
  "the way of an event that it has": (thrown) =>
    `${plant("other", `{ throw ${thrown}; }`)}
    try {
      Object.defineProperty(Event.prototype, "eventPhase", { get: () => Event.AT_TARGET });
    } catch { /* it is fixed */ }
    socket.addEventListener("message", (event: any) => event[way].push(...astray()));`,
  "what an event has to keep": (thrown) =>
    `const passive = symbolOf(new Event("x"), "[[inPassiveListener]]");
    socket.addEventListener("message", (event: any) =>
      Object.defineProperty(event, passive, { set() { throw ${thrown}; } }));`,
  "an object in the place of the socket": (thrown) =>
    `${plant("listening", `{ throw ${thrown}; }`)}
    heard = Object.create(socket, { [table]: { value: listening[table], configurable: true } });
    Object.defineProperty(socket, loop, { value: () => Reflect.apply(Object.getPrototypeOf(socket)[loop], heard, []) });`,
  "a Proxy in the place of the socket": (thrown) =>
    `${plant("listening", `{ throw ${thrown}; }`)}
    heard = new Proxy(socket, {
      get: (_, name) => name === table ? listening[table] : socket[name],
      defineProperty: () => true,
    });
    Object.defineProperty(socket, loop, { value: () => Reflect.apply(Object.getPrototypeOf(socket)[loop], heard, []) });`,
  "the table of a server's socket": (thrown) =>
    `const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { socket, response }: any = Deno.upgradeWebSocket(request);
      socket.addEventListener("message", () => {});
      ${plant("socket", `{ throw ${thrown}; }`)}
      socket.onclose = () => socket.close();
      return response;
    });
    heard = new WebSocket("ws://127.0.0.1:" + server.addr.port);
    heard.onopen = () => { heard.send("again"); heard.close(); };`,
};

/** Nothing of the plugin's is printed, and it came to its end, or was told why it cannot. */
const silent: Harm["check"] = ({ stdout, stderr }) => {
  assertEquals(/\(in worker|forged/.test(stderr), false, stderr);
  assertMatch(
    stdout + stderr,
    /^\{"closed":true\}$|^error: Source "road" .* failed: .*(?:[Rr]edefine|defineProperty)/m,
  );
};

const harmOf = (road: string, thrown: string): Harm => ({
  body: `${OPEN} ${ROADS[road]!(thrown)} ${CLOSED}`,
  greeted: true,
  check: silent,
});

const SHOWN = LOOKED_AT["that shows itself"]!;

for (const road of Object.keys(ROADS)) {
  harm(
    `The runtime does not look at what a plugin throws when a message comes, by ${road}`,
    harmOf(road, SHOWN),
  );
}

const isPrinted = (stderr: string) => stderr.includes("(in worker") && stderr.includes("forged");

const DEFENCE = "messages that the runtime tells to us";

without([DEFENCE], `The runtime prints a plugin's text without the ${DEFENCE}`, async (path) => {
  const venue = { name: "weakened", command: [path], why: "" };
  const shut: string[] = [];
  for (const road of Object.keys(ROADS)) {
    // What is thrown there comes to us from the runtime, which has looked at it: it needs another message to be printed.
    if (road === "what an event has to keep") continue;
    let said = "";
    // Which event comes first is a matter of time: it is enough that one of some goes that way.
    for (let tries = 0; tries < 6 && !isPrinted(said); tries++) {
      said = (await runHarm(harmOf(road, SHOWN), venue, "worker")).stderr;
    }
    if (!isPrinted(said)) shut.push(`${road}: ${said}`);
  }
  assertEquals(shut, []);
});
