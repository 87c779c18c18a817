/**
 * Takes away from an isolate what the runtime's permissions do not guard, before a plugin's code is there. Runs once,
 * in the Worker, on a fresh realm.
 *
 * The permissions of the Worker are the wall; this closes the doors beside it: the standard streams of the program,
 * other Workers, the runtime's internals, the ways from text to code, and objects of the host whose forgery ends the
 * whole process.
 *
 * @module
 */
import { ALLOWED_DENO, ALLOWED_GLOBALS, ALLOWED_PROCESS } from "./allowed_names.ts";

/** What the boot keeps for itself. */
export interface Captured {
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** Listen on the realm. */
  listen(type: string, listener: (event: Event) => void): void;
  /** Format what was given to a method of `console`. */
  inspect(args: unknown[]): string;
  /** Read a variable, which needs the permission. */
  getEnv(name: string): string | undefined;
  allEnv(): Record<string, string>;
  /** The `process` that the plugin sees: its `env` is to be filled. */
  processEnv: Record<string, string>;
}

type Realm = Record<PropertyKey, unknown>;

interface Internals {
  inspectArgs(args: unknown[], options: { colors: boolean }): string;
  core: { tryClose(rid: number): void; ops?: object };
}

/** Tame the realm of this Worker. Call it once. */
export function tameRealm(): Captured {
  const realm = globalThis as unknown as Realm;
  const deno = realm.Deno as Realm;
  const internals = deno[deno.internal as symbol] as Internals;
  const { inspectArgs } = internals;
  const post = (realm.postMessage as Captured["postMessage"]).bind(globalThis);
  const listen = globalThis.addEventListener.bind(globalThis) as Captured["listen"];
  const env = deno.env as typeof Deno.env;
  const captured: Captured = {
    postMessage: post,
    listen,
    inspect: (args) => inspectArgs(args, { colors: false }),
    getEnv: env.get.bind(env),
    allEnv: env.toObject.bind(env),
    processEnv: Object.create(null),
  };
  closeStandardStreams(internals);
  cutInternals(internals);
  replaceProcess(realm, captured.processEnv);
  replaceDeno(realm, deno, env);
  silenceCodeFromText(realm);
  removeForgeable();
  removeGlobals(realm);
  closePrototypes(realm);
  return captured;
}

/** The Worker holds the program's own stdin, stdout and stderr. Standard output is for tuples only. */
function closeStandardStreams(internals: Internals): void {
  for (const rid of [0, 1, 2]) internals.core.tryClose(rid);
}

/**
 * A getter on `Object.prototype` would otherwise be handed the internals as `this`. Some runtimes have frozen what is
 * inside them; that no new name can come to `Object.prototype` covers those.
 */
function cutInternals(internals: Internals): void {
  const { core } = internals;
  for (const object of [core.ops, core, internals]) {
    if (object !== undefined) Reflect.setPrototypeOf(object, null);
  }
}

/** The runtime's own modules keep the real `process`, emptied; the plugin sees a small one. */
function replaceProcess(realm: Realm, env: Record<string, string>): void {
  const real = realm.process as Realm;
  const visible = Object.freeze({
    env,
    argv: Object.freeze([]),
    version: real.version,
    versions: Object.freeze({ ...real.versions as object }),
    platform: real.platform,
    arch: real.arch,
    nextTick: real.nextTick,
  });
  for (const key of Reflect.ownKeys(real)) {
    if (!ALLOWED_PROCESS.has(key) && typeof key === "string") Reflect.deleteProperty(real, key);
  }
  // Between it and the event emitter that it is.
  const own = Object.getPrototypeOf(real) as Realm;
  for (const key of Reflect.ownKeys(own)) {
    if (key !== "constructor" && !ALLOWED_PROCESS.has(key) && typeof key === "string") {
      Reflect.deleteProperty(own, key);
    }
  }
  // The runtime writes its warnings there, and ends the Worker when it cannot.
  const nowhere = Object.freeze({ write: () => true, isTTY: false, fd: -1 });
  define(real, {
    env: visible.env,
    argv: [],
    execArgv: [],
    stdout: nowhere,
    stderr: nowhere,
    emitWarning: () => {},
  });
  define(realm, { process: visible });
}

function replaceDeno(realm: Realm, deno: Realm, env: typeof Deno.env): void {
  const allowed: Realm = Object.create(null);
  for (const name of ALLOWED_DENO) if (name in deno) allowed[name] = deno[name];
  allowed.errors = Object.freeze({ ...deno.errors as object });
  // Reading needs the permission; writing would change the program's own environment.
  allowed.env = Object.freeze({
    get: env.get.bind(env),
    has: env.has.bind(env),
    toObject: env.toObject.bind(env),
  });
  define(realm, { Deno: Object.freeze(allowed) });
}

/** The compiled program cannot make code from text at all; under `deno run` this takes its place. */
function silenceCodeFromText(realm: Realm): void {
  const refuse = function Function(): never {
    throw new EvalError("Cannot make code from text: a plugin runs only what is in its files");
  };
  const kinds = [
    function () {},
    async function () {},
    function* () {},
    async function* () {},
  ];
  for (const sample of kinds) {
    const prototype = Object.getPrototypeOf(sample) as Realm;
    const { constructor } = prototype as { constructor: object };
    define(prototype, { constructor: refuse });
    // Reached by `Object.getPrototypeOf(AsyncFunction)` otherwise.
    if (constructor !== realm.Function) Object.setPrototypeOf(constructor, Function.prototype);
  }
  // `instanceof Function` goes on working.
  Object.defineProperty(refuse, "prototype", { value: Function.prototype, writable: false });
  define(realm, { Function: refuse });
  for (const name of ["setTimeout", "setInterval"] as const) {
    const original = realm[name] as (...args: unknown[]) => unknown;
    define(realm, {
      [name]: (task: unknown, ...rest: unknown[]) => {
        if (typeof task !== "function") {
          throw new TypeError(
            `Cannot call ${name}: its first argument is ${typeof task}, no function`,
          );
        }
        return original(task, ...rest);
      },
    });
  }
}

/** An object that pretends to be one of these makes the runtime abort the whole process. */
function removeForgeable(): void {
  Reflect.deleteProperty(Request.prototype, "clone");
  Reflect.deleteProperty(Response.prototype, "clone");
  for (const name of ["mark", "measure", "clearMarks", "clearMeasures"]) {
    Reflect.deleteProperty(Performance.prototype, name);
  }
}

function removeGlobals(realm: Realm): void {
  define(realm, {
    // The real one tells of the machine and holds locks that reach into the engine's isolate.
    navigator: Object.freeze({ userAgent: navigator.userAgent, language: navigator.language }),
  });
  const kept = new Set(["Function", "Deno", "process", "navigator", "console"]);
  for (const key of Reflect.ownKeys(realm)) {
    if (typeof key === "symbol" || kept.has(key) || ALLOWED_GLOBALS.has(key)) continue;
    if (!Reflect.deleteProperty(realm, key)) define(realm, { [key]: undefined });
  }
}

/** No new name on what all share: neither the runtime's code nor another module of the plugin meets a surprise. */
function closePrototypes(realm: Realm): void {
  const closed = new Set<object>();
  const close = (value: unknown) => {
    if (value === null || typeof value !== "object" && typeof value !== "function") return;
    for (let at: object | null = value as object; at !== null; at = Object.getPrototypeOf(at)) {
      if (closed.has(at)) return;
      closed.add(at);
      Object.preventExtensions(at);
    }
  };
  for (const name of ALLOWED_GLOBALS) {
    // The realm itself stays open: a library may hang a name on it.
    const value = realm[name];
    if (typeof value === "function") close((value as { prototype?: unknown }).prototype);
  }
  const samples: unknown[] = [
    [][Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    ""[Symbol.iterator](),
    "".matchAll(/x/g),
    function* () {}.prototype,
    async function* () {}.prototype,
    async () => {},
    function* () {},
    async function* () {},
  ];
  for (const sample of samples) close(Object.getPrototypeOf(sample as object));
}

function define(target: object, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, {
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }
}
