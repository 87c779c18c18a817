import { allowed, ended, road, spoils } from "./_venue.ts";

road("A plugin starts nothing and ends nothing", {
  attempts: {
    worker: `new Worker("data:text/javascript,", { type: "module" }) && "started"`,
    inherit:
      `new Worker("data:text/javascript,", { type: "module", deno: { permissions: "inherit" } }) && "started"`,
    ownKeys: `Reflect.ownKeys(globalThis).find((key) => key === "Worker")`,
    descriptor: `Object.getOwnPropertyDescriptors(self).Worker?.value`,
    command: `new Deno.Command("/bin/true").outputSync().code`,
    spawn: `Deno.spawn("/bin/true").pid`,
    run: `Deno.run({ cmd: ["/bin/true"] }).pid`,
    dlopen: `Deno.dlopen("libc.so.6", {})`,
    pointer: `Deno.UnsafePointer.create(1n)`,
    exit: ended(`Deno.exit(3)`),
    kill: ended(`(Deno.kill(Deno.pid, "SIGKILL"), new Promise(() => {}))`),
    processExit: ended(`process.exit(3)`),
    reallyExit: ended(`process.reallyExit(3)`),
    processKill: ended(`(process.kill(process.pid, "SIGKILL"), new Promise(() => {}))`),
    processAbort: ended(`process.abort()`),
    pid: `Deno.pid`,
    builtin: `process.getBuiltinModule("node:child_process")`,
    signal: `Deno.addSignalListener("SIGTERM", () => {}) ?? "added"`,
    close: ended(`globalThis.close()`),
    importScripts: `importScripts("data:text/javascript,")`,
    priority: `process.getBuiltinModule("node:os").setPriority(0) ?? "set"`,
  },
});

road("A plugin speaks to no other isolate and not to the terminal", {
  attempts: {
    broadcast: `new BroadcastChannel("kuiper").name`,
    channel: `new MessageChannel().port1`,
    post: allowed(`postMessage({ t: "loaded" })`),
    shared: `new SharedArrayBuffer(8).byteLength`,
    atomics:
      `Atomics.wait(new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer), 0, 0, 1)`,
    storage: `localStorage.length`,
    session: `sessionStorage.length`,
    caches: `caches.keys()`,
    kv: `Deno.openKv(":memory:")`,
    locks: `navigator.locks`,
    gpu: `navigator.gpu`,
    stdout: allowed(`Deno.stdout.writeSync(new Uint8Array([33]))`),
    stderr: allowed(`Deno.stderr.writeSync(new Uint8Array([33]))`),
    stdin: allowed(`Deno.stdin.readSync(new Uint8Array(1))`),
    processStdout: spoils(`process.stdout.write("spo" + "ilt out")`, "spoilt out"),
    processStderr: {
      code: `process.stderr.write("spo" + "ilt err")`,
      hit: (got, { stderr }) => got === undefined || stderr.includes("spoilt err"),
    },
    prompt: `prompt("x")`,
    confirm: `confirm("x")`,
    alert: `alert("x")`,
    request: `Deno.permissions.requestSync({ name: "read" }).state`,
    query: `Deno.permissions.querySync({ name: "read" }).state`,
  },
  // Saying that nothing is granted tells nothing.
  harmless: (name, got) =>
    ["request", "query"].includes(name) && ["denied", "prompt"].includes(got),
});
