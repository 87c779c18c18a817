import { allowed, type Attempt, road, spoils } from "./_venue.ts";

/** Attempts that are through where a line has their text and does not say that the plugin said it. */
const unattributed = (attempts: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(attempts).map(([name, code]): [string, Attempt] => [name, {
      code: `(told = "forged in ${name};", ${code})`,
      hit: (_, { stdout, stderr }) =>
        stderr.includes(`\u001b[31mforged in ${name};`) ||
        `${stdout}\n${stderr}`.split("\n").some((line) =>
          line.includes(`forged in ${name};`) && !line.startsWith("{") &&
          !/^[\d:.]+ \w+ +road: /.test(line)
        ),
    }]),
  );

road("What goes wrong in a server that was granted is said by nobody but the plugin", {
  // What a process writes to its standard error is kept for the sentence of its end.
  controlledIn: ["worker"],
  permissions: `{ net: ["127.0.0.1"] }`,
  head: `let told = "";
const serve = async (handler: any, options: any = {}) => {
  const server: any = Deno.serve({ hostname: "127.0.0.1", port: 0, ...options }, handler);
  const text = await fetch("http://127.0.0.1:" + server.addr.port).then((answer) => answer.text());
  await server.shutdown();
  return text === "Internal Server Error" || text === "mine" ? undefined : text;
};
const failing = () => {
  throw Object.assign(new Error(told), { stack: "error: \\u001b[31m" + told });
};
const inspected = () => {
  const said = told;
  throw { [Symbol.for("Deno.customInspect")]: () => "\\u001b[31m" + said };
};`,
  attempts: unattributed({
    thrown: `serve(failing)`,
    rejected: `serve(async () => failing())`,
    inspected: `serve(inspected)`,
    onError: `serve(failing, { onError: failing })`,
    onErrorInspected: `serve(failing, { onError: inspected })`,
    onErrorLater: `serve(failing, { onError: async () => failing() })`,
    onErrorNothing: `serve(failing, { onError: () => ({ toString: failing }) })`,
    onErrorForged: `serve(failing, { onError: () => Object.create(Response.prototype) })`,
    answered: `serve(failing, { onError: () => new Response("mine") })`,
    noAnswer: `(async () => {
      const before = Error.prepareStackTrace;
      Error.prepareStackTrace = () => "error: \\u001b[31m" + told;
      try { return await serve(() => 1); } finally { Error.prepareStackTrace = before; } })()`,
    inOptions: `serve(undefined, { handler: failing })`,
  }),
});

/** Attempts with an error that looks like one of the runtime's own assertions, given to it in a stream. */
const asserted = (attempts: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(attempts).map(([name, given]): [string, Attempt] => [name, {
      code: `(async () => {
        const stream: any = new ReadableStream();
        const reader = stream.getReader();
        for (const one of Object.getOwnPropertySymbols(stream)) if (stream[one] === reader) stream[one] = undefined;
        let error: any;
        try { reader.releaseLock(); } catch (thrown) { error = Object.getPrototypeOf(thrown); }
        error = Object.create(error, { stack: { value: "\\u001b[31m\\nforged in ${name}" } });
        await ${given}.catch(() => {});
        await new Promise((done) => setTimeout(done));
      })()`,
      hit: (_, { stdout, stderr }) => `${stdout}${stderr}`.includes(`forged in ${name}`),
    }]),
  );

road("An assertion of the runtime's about a stream says nothing of a plugin's", {
  // What a process writes to its standard error is kept for the sentence of its end.
  controlledIn: ["worker"],
  attempts: asserted({
    pull: `new ReadableStream({ pull() { throw error; } }).getReader().read()`,
    start: `new ReadableStream({ start: () => Promise.reject(error) }).getReader().read()`,
    write: `new WritableStream({ write() { throw error; } }).getWriter().write(1)`,
    transform: `new Response(new Blob(["a"]).stream().pipeThrough(
      new TransformStream({ transform() { throw error; } }))).text()`,
    piped: `new ReadableStream({ pull() { throw error; } }).pipeTo(new WritableStream())`,
  }),
});

/** Attempts with an answer, or a request, that throws when the runtime asks it: statements that give the answer. */
const answered = (attempts: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(attempts).map(([name, statements]): [string, Attempt] => [name, {
      code: `(async () => {
        const fail = () => { throw Object.assign(new Error("m"), { stack: "\\u001b[31mgiven by ${name}" }); };
        const open = { configurable: true, get: fail };
        const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request: any) => {
          const answer: any = new Response("x");
          ${statements}
          return answer;
        });
        await fetch("http://127.0.0.1:" + server.addr.port, { signal: AbortSignal.timeout(2000) })
          .then((got) => got.text()).catch(() => {});
        void server.shutdown().catch(() => {});
      })()`,
      // The plugin's console may show it.
      hit: (_, { stdout, stderr }) =>
        `${stdout}\n${stderr}`.split("\n").some((line) =>
          line.includes(`given by ${name}`) && !/^[\d:.]+ \w+ +road: /.test(line)
        ),
    }]),
  );

road("What a server of a plugin's answers with says nothing when the runtime asks it", {
  controlledIn: ["worker"],
  permissions: `{ net: ["127.0.0.1"] }`,
  head: `const keyOf = (object: any, name: string): any =>
  Object.getOwnPropertySymbols(object).find((one) => String(one) === "Symbol(" + name + ")");`,
  attempts: answered({
    status: `Object.defineProperty(answer[keyOf(answer, "response")], "status", open);`,
    whole: `const key = keyOf(answer, "response"); const inner = answer[key];
      answer[key] = new Proxy(inner, { get: (_, name) => name === "headerList" ? fail() : inner[name] });`,
    body: `answer[keyOf(answer, "response")].body =
      Object.defineProperty({ consumed: () => false }, "streamOrStatic", open);`,
    request:
      `try { request[keyOf(request, "request")].close = fail; } catch { /* it is locked */ }`,
    stream: `const stream = new ReadableStream({ pull: (it) => it.close() });
      Object.defineProperty(stream, keyOf(stream, "[[resourceBacking]]"), open);
      return new Response(stream);`,
  }),
});

road("Where a server of a plugin's listens is said by nobody but the plugin", {
  permissions: `{ net: ["127.0.0.1"] }`,
  attempts: Object.fromEntries(
    ["{}", "{ onListen: null }", "{ get onListen() { return undefined; } }"].map((options) => [
      options,
      {
        code: `Deno.serve(Object.assign(${options}, { hostname: "127.0.0.1", port: 0 }) as any,
          () => new Response()).shutdown()`,
        hit: (_, { stdout, stderr }) => `${stdout}${stderr}`.includes("Listening on"),
      },
    ]),
  ),
});

/** Attempts that write a text of their own: code in which TEXT is the text, which nothing else says. */
const spoiling = (attempts: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(attempts).map(([name, code]) => [
      name,
      spoils(code.replaceAll("TEXT", `"spoilt by " + "${name};"`), `spoilt by ${name};`),
    ]),
  );

road("A plugin writes nothing to the standard output of its process", {
  permissions: `{ read: true, write: ["data/out"] }`,
  attempts: {
    stream: allowed(`Deno.stdout.writeSync(new TextEncoder().encode("spoilt"))`),
    ...spoiling({
      device: `Deno.writeTextFileSync("/dev/stdout", TEXT)`,
      descriptor: `Deno.writeTextFileSync("/dev/fd/1", TEXT)`,
      proc: `Deno.writeTextFileSync("/proc/self/fd/1", TEXT)`,
      opened:
        `Deno.openSync("/dev/stdout", { append: true }).writeSync(new TextEncoder().encode(TEXT))`,
      console: `console.log(TEXT)`,
      file: `new (Deno as any).FsFile(1, Symbol.for("Deno.internal.FsFile"))
        .writeSync(new TextEncoder().encode(TEXT))`,
      node: `process.getBuiltinModule("node:fs").writeSync(1, TEXT)`,
    }),
    frame: spoils(
      `process.getBuiltinModule("node:fs").writeSync(1, new Uint8Array([255, 255, 255, 255, 1, 0]))`,
      "\u0001",
    ),
  },
});
