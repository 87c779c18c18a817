import { assertClosed } from "./_road.ts";

Deno.test("A plugin starts nothing and ends nothing", async () => {
  await assertClosed({
    worker:
      `new Worker("data:text/javascript,", { type: "module", deno: { permissions: "inherit" } })`,
    ownKeys: `Reflect.ownKeys(globalThis).find((key) => key === "Worker")`,
    constructor: `globalThis.constructor.prototype.Worker`,
    command: `new Deno.Command("true").outputSync().code`,
    spawn: `Deno.spawn("true")`,
    dlopen: `Deno.dlopen("libc.so.6", {})`,
    exit: `Deno.exit(3)`,
    kill: `Deno.kill(Deno.pid, "SIGTERM")`,
    processExit: `process.exit(3)`,
    processKill: `process.kill(process.pid)`,
    builtin: `process.getBuiltinModule("node:child_process")`,
    close: `globalThis.close()`,
    importScripts: `importScripts("data:text/javascript,")`,
  });
});

Deno.test("A plugin speaks to no other isolate and not to the terminal", async () => {
  await assertClosed({
    broadcast: `new BroadcastChannel("kuiper").name`,
    channel: `new MessageChannel().port1`,
    post: `postMessage({ t: "loaded" })`,
    shared: `new SharedArrayBuffer(8)`,
    storage: `localStorage.length`,
    caches: `caches.keys()`,
    locks: `navigator.locks`,
    gpu: `navigator.gpu`,
    stdout: `Deno.stdout.writeSync(new Uint8Array([33]))`,
    stdin: `Deno.stdin.readSync(new Uint8Array(1))`,
    processStdout: `process.stdout.write("!")`,
    prompt: `prompt("x")`,
    request: `Deno.permissions.requestSync({ name: "read" })`,
  });
});
