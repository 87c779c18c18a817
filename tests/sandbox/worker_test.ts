import { road } from "./_venue.ts";

road("A plugin starts nothing and ends nothing", {
  attempts: {
    worker: `new Worker("data:text/javascript,", { type: "module" }) && "started"`,
    inherit:
      `new Worker("data:text/javascript,", { type: "module", deno: { permissions: "inherit" } }) && "started"`,
    ownKeys: `Reflect.ownKeys(globalThis).find((key) => key === "Worker")`,
    constructor: `globalThis.constructor.prototype.Worker`,
    command: `new Deno.Command("true").outputSync().code`,
    spawn: `Deno.spawn("true")`,
    run: `Deno.run({ cmd: ["true"] })`,
    dlopen: `Deno.dlopen("libc.so.6", {})`,
    pointer: `Deno.UnsafePointer.create(1n)`,
    exit: `Deno.exit(3)`,
    kill: `Deno.kill(Deno.pid, "SIGTERM")`,
    processExit: `process.exit(3)`,
    reallyExit: `process.reallyExit(3)`,
    processKill: `process.kill(process.pid)`,
    processAbort: `process.abort()`,
    pid: `Deno.pid`,
    builtin: `process.getBuiltinModule("node:child_process")`,
    signal: `Deno.addSignalListener("SIGTERM", () => {}) ?? "added"`,
    close: `globalThis.close()`,
    importScripts: `importScripts("data:text/javascript,")`,
    priority: `Deno.setPriority?.(0)`,
  },
});

road("A plugin speaks to no other isolate and not to the terminal", {
  attempts: {
    broadcast: `new BroadcastChannel("kuiper").name`,
    channel: `new MessageChannel().port1`,
    post: `postMessage({ t: "loaded" })`,
    shared: `new SharedArrayBuffer(8).byteLength`,
    atomics: `Atomics.wait(new Int32Array(4), 0, 0, 1)`,
    wasmShared:
      `new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer.byteLength`,
    storage: `localStorage.length`,
    session: `sessionStorage.length`,
    caches: `caches.keys()`,
    kv: `Deno.openKv(":memory:")`,
    locks: `navigator.locks`,
    gpu: `navigator.gpu`,
    stdout: `Deno.stdout.writeSync(new Uint8Array([33]))`,
    stderr: `Deno.stderr.writeSync(new Uint8Array([33]))`,
    stdin: `Deno.stdin.readSync(new Uint8Array(1))`,
    processStdout: `process.stdout.write("kuiper-sandbox-secret")`,
    processStderr: `process.stderr.write("kuiper-sandbox-secret")`,
    prompt: `prompt("x")`,
    confirm: `confirm("x")`,
    alert: `alert("x")`,
    request: `Deno.permissions.requestSync({ name: "read" }).state`,
    query: `Deno.permissions.querySync({ name: "read" }).state`,
    dispatch:
      `(dispatchEvent(new MessageEvent("message", { data: { t: "grant", id: 1, credit: 1e9, doneThrough: 0 } })), undefined)`,
  },
  // Saying that nothing is granted tells nothing; a write to what stands in for a stream goes nowhere; the memory that
  // WebAssembly can share has nobody to be shared with.
  harmless: (name, got) =>
    name === "wasmShared" ||
    ["request", "query"].includes(name) && ["denied", "prompt"].includes(got) ||
    name.startsWith("processStd") && got === "true",
});
