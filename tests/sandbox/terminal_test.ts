import { allowed, type Attempt, road, spoils } from "./_venue.ts";

/** Through where a line has the text and does not say that the plugin said it. */
const unattributed = (code: string): Attempt => ({
  code,
  hit: (_, { stdout, stderr }) =>
    stderr.includes("\u001b") ||
    `${stdout}\n${stderr}`.split("\n").some((line) =>
      line.includes("forged") && !line.startsWith("{") && !/^[\d:.]+ \w+ +road: /.test(line)
    ),
});

const FORGED = `Object.assign(new Error("forged"), { stack: "error: \\u001b[31mforged" })`;

road("What goes wrong in a server that was granted is said by nobody but the plugin", {
  // What a process writes to its standard error is kept for the sentence of its end.
  controlledIn: ["worker"],
  permissions: `{ net: ["127.0.0.1"] }`,
  head: `const serve = async (handler: any, options: any = {}) => {
  const server: any = Deno.serve({ hostname: "127.0.0.1", port: 0, ...options }, handler);
  const text = await fetch("http://127.0.0.1:" + server.addr.port).then((answer) => answer.text());
  await server.shutdown();
  return text === "Internal Server Error" || text === "mine" ? undefined : text;
};
const failing = () => { throw ${FORGED}; };
const inspected = () => { throw { [Symbol.for("Deno.customInspect")]: () => "\\u001b[31mforged" }; };`,
  attempts: {
    thrown: unattributed(`serve(failing)`),
    rejected: unattributed(`serve(async () => failing())`),
    inspected: unattributed(`serve(inspected)`),
    onError: unattributed(`serve(failing, { onError: failing })`),
    onErrorInspected: unattributed(`serve(failing, { onError: inspected })`),
    onErrorLater: unattributed(`serve(failing, { onError: async () => failing() })`),
    onErrorNothing: unattributed(`serve(failing, { onError: () => ({ toString: failing }) })`),
    onErrorForged: unattributed(
      `serve(failing, { onError: () => Object.create(Response.prototype) })`,
    ),
    answered: unattributed(`serve(failing, { onError: () => new Response("mine") })`),
    noAnswer: unattributed(`(async () => {
      const before = Error.prepareStackTrace;
      Error.prepareStackTrace = () => "error: \\u001b[31mforged";
      try { return await serve(() => 1); } finally { Error.prepareStackTrace = before; } })()`),
    inOptions: unattributed(`serve(undefined, { handler: failing })`),
  },
});

road("A plugin writes nothing to the standard output of its process", {
  permissions: `{ read: true, write: ["data/out"] }`,
  attempts: {
    stream: allowed(`Deno.stdout.writeSync(new TextEncoder().encode("spoilt"))`),
    device: spoils(`Deno.writeTextFileSync("/dev/stdout", "spo" + "ilt")`, "spoilt"),
    descriptor: spoils(`Deno.writeTextFileSync("/dev/fd/1", "spo" + "ilt")`, "spoilt"),
    proc: spoils(`Deno.writeTextFileSync("/proc/self/fd/1", "spo" + "ilt")`, "spoilt"),
    opened: spoils(
      `Deno.openSync("/dev/stdout", { append: true }).writeSync(new TextEncoder().encode("spo" + "ilt"))`,
      "spoilt",
    ),
    console: spoils(`console.log("spo" + "ilt")`, "spoilt"),
    file: spoils(
      `new (Deno as any).FsFile(1, Symbol.for("Deno.internal.FsFile"))
      .writeSync(new TextEncoder().encode("spo" + "ilt"))`,
      "spoilt",
    ),
    node: spoils(
      `process.getBuiltinModule("node:fs").writeSync(1, "spo" + "ilt")`,
      "spoilt",
    ),
    frame: spoils(
      `process.getBuiltinModule("node:fs").writeSync(1, new Uint8Array([255, 255, 255, 255, 1, 0]))`,
      "\u0001",
    ),
  },
});
