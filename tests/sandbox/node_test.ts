import { road } from "./_venue.ts";

const ALLOWED =
  "assert async_hooks buffer crypto diagnostics_channel events path perf_hooks punycode querystring stream string_decoder timers url util"
    .split(" ");

/** Walked from the modules and from the realm itself. */
const all = "{ all, realm: globalThis }";

road("The allowed node: modules lead to no file, no process and no internals", {
  head: ALLOWED.map((name) => `import * as ${name}_ from "node:${name}";`).join("\n") +
    `\nconst all: any = { ${ALLOWED.map((name) => `${name}_`).join(", ")} };
const walk = (seen: Set<unknown>, value: any, test: (value: any, key: string) => boolean, depth = 4): any => {
  if (value === null || typeof value !== "object" && typeof value !== "function" || seen.has(value) || depth === 0) return undefined;
  seen.add(value);
  for (const key of Reflect.ownKeys(value)) {
    let held; try { held = value[key]; } catch { continue; }
    // What a getter of a class rejects with, asked of its prototype, would end the walk.
    if (held instanceof Promise) held.catch(() => {});
    if (typeof key === "string" && test(held, key)) return key;
    const found = walk(seen, held, test, depth - 1);
    if (found !== undefined) return String(key) + "." + found;
  }
};`,
  attempts: {
    names:
      `walk(new Set(), ${all}, (held, key) => /^(?:spawn|execSync|createRequire|Worker|runInContext|binding|dlopen)$/.test(key) && typeof held === "function")`,
    core: `walk(new Set(), ${all}, (held, key) => key === "core" && held?.ops !== undefined)`,
    deno: `walk(new Set(), ${all}, (held) => typeof held?.Command === "function")`,
    process:
      `walk(new Set(), ${all}, (held) => typeof held?.kill === "function" && held?.pid !== undefined)`,
    inspect:
      `/execPath.*?'(\\/[^']+)'/.exec(util_.inspect(process, { showHidden: true, depth: 3, getters: true }))?.[1]`,
    callSites:
      `util_.getCallSites?.().find((site: any) => /^file:.*(?:home|src)/.test(site.scriptName) &&
      !/boot\\.js|run_source\\.ts|link_runtime\\.ts/.test(site.scriptName))?.scriptName`,
    bufferPool:
      `(() => { const buffer = Buffer.allocUnsafe(8192 * 4); return buffer.toString("latin1").includes("kuiper-sandbox") ? "secret" : undefined; })()`,
    folder: `path_.resolve("x") === "/x" ? undefined : path_.resolve("x")`,
    folderOfUrl:
      `url_.pathToFileURL("x").pathname === "/x" ? undefined : url_.pathToFileURL("x").pathname`,
    assertion: `(() => { const before = Error.prepareStackTrace;
      const site = { getFileName: () => props.path, getLineNumber: () => 1, getColumnNumber: () => 1 };
      Error.prepareStackTrace = () => [site];
      try { assert_.ok(0); } catch (error: any) { return /secret/.exec(error.message)?.[0]; }
      finally { Error.prepareStackTrace = before; } })()`,
    hooks: `(async () => { const seen: any[] = [];
      const hook = async_hooks_.createHook({ init(...args: any[]) { seen.push(...args); } }).enable();
      try { await fetch("data:,a"); await new Promise((done) => setTimeout(done, 1)); }
      finally { hook.disable(); }
      return walk(new Set(), seen, (held, key) => key === "core" || typeof held?.readTextFileSync === "function"
        && held !== Deno || /^op_/.test(held?.name)); })()`,
    realProcess:
      `(async () => { const { prototype } = events_.EventEmitter as any; let real: any; const before: any = {};
      for (const key of Object.keys(prototype)) {
        const held = prototype[key];
        if (typeof held !== "function") continue;
        before[key] = held;
        prototype[key] = function (this: any, ...args: any[]) {
          if (typeof this?.title === "string") real = this;
          return Reflect.apply(held, this, args);
        };
      }
      try {
        const crowd = new events_.EventEmitter(); for (let i = 0; i < 20; i++) crowd.on("x", () => {});
        try { url_.parse("http://a:b"); } catch { /* it has warned */ }
        void timers_.promises.setTimeout(-1); void timers_.promises.setTimeout(1e12); setTimeout(() => {}, -1);
        util_.deprecate(() => {}, "old")();
        await new Promise((done) => setTimeout(done, 5));
      } finally { Object.assign(prototype, before); }
      return real === undefined ? undefined : real.title + real.execPath; })()`,
    everyObject: `util_.queryObjects?.(Function)?.[0]`,
    engine: `crypto_.setEngine("x")`,
    arguments: `util_.parseArgs({ strict: false }).positionals.join() || undefined`,
    defaultArguments:
      `(util_ as any).default.parseArgs({ strict: false }).positionals.join() || undefined`,
  },
});

road("Other node: modules are not there, by whatever name", {
  attempts: Object.fromEntries(
    "fs fs/promises net http https http2 tls dns dgram module vm process worker_threads inspector v8 repl child_process cluster test wasi tty readline os sqlite trace_events zlib"
      .split(" ").map((name) => [
        name,
        `(process.getBuiltinModule?.("node:${name}") ?? import("node:" + "${name}")
          .then((module) => Object.keys(module).length))`,
      ]),
  ),
});
