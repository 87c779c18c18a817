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
import { ALLOWED_DENO, ALLOWED_GLOBALS, UNSAFE_DENO } from "./allowed_names.ts";
import { type HostGuard, hostGuard } from "./granted_hosts.ts";
import { holdGlobals } from "./held_globals.ts";
import { type PathGuard, pathGuard } from "./granted_paths.ts";
import { type OwnAnswers, ownAnswers } from "./own_answer.ts";
import { type OwnRequests, ownRequests } from "./own_request.ts";
import { pinInternals } from "./pin.ts";
import { type Callable, define, lazily, type Realm } from "./realm.ts";
import { isAny, readRealmName, type RealmGrant } from "./realm_name.ts";
import { refuseShortKeys } from "./short_keys.ts";
import { checkedFiles } from "./tame_files.ts";
import { tameFetch } from "./tame_fetch.ts";
import { tameLogs } from "./tame_logs.ts";
import { checkedSys, tamedEnv } from "./tame_names.ts";
import { tamedNet } from "./tame_net.ts";
import { postponeNode } from "./tame_node.ts";
import { tameSignals } from "./tame_signals.ts";
import { tameSockets } from "./tame_sockets.ts";
import type { OwnListeners } from "./tame_events.ts";
import { type ExceptionHook, tameThrows } from "./tame_throws.ts";
import { STILL_TIMERS, tameTimers } from "./tame_timers.ts";

/** What the boot keeps for itself. */
export interface Captured {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  /**
   * Listen on the realm, before and instead of everybody who listens later; the runtime does nothing of its own. Runs
   * when the plugin is there, so it uses nothing that a plugin could have replaced.
   *
   * @param read is given what the event has under `of`. What it throws goes to `failed`: the runtime would print it.
   */
  listen(
    type: string,
    listener: { of: "data" | "error"; read(value: unknown): void; failed(): void },
  ): void;
  /**
   * Hear what nobody caught, before the runtime has looked at it.
   *
   * @param report as `read` and `failed` of {@link listen}.
   */
  hearThrows(report: { read(error: unknown): void; failed(): void }): void;
  /** Format what was given to a method of `console`. */
  inspect(args: unknown[]): string;
  /** Read a variable, which needs the permission. */
  getEnv(name: string): string | undefined;
  allEnv(): Record<string, string>;
  /** The `process` that the plugin sees: its `env` is to be filled. */
  processEnv: Record<string, string>;
  /**
   * Close the list of those who listen to these events. It hangs on the realm under a symbol: a plugin could take the
   * boot's own listeners off, and what it throws then would be printed by the runtime.
   */
  lockListeners(types: readonly string[]): void;
  /** Give the realm its `process` and `Buffer`. Call it before a node module is loaded, and before the plugin is. */
  loadNode(): void;
}

interface Internals {
  inspectArgs(args: unknown[], options: { colors: boolean }): string;
  core: ExceptionHook & { tryClose(rid: number): void; ops?: object };
}

const { apply } = Reflect;

/** Tame the realm of this Worker. Call it once. */
export function tameRealm(): Captured {
  const realm = globalThis as unknown as Realm;
  const deno = realm.Deno as Realm;
  const internals = deno[deno.internal as symbol] as Internals;
  const { inspectArgs, core } = internals;
  const post = (realm.postMessage as Captured["postMessage"]).bind(globalThis);
  const own: OwnListeners = Object.create(null);
  const listen = listenAlone(own);
  const env = deno.env as typeof Deno.env;
  const captured: Captured = {
    postMessage: post,
    listen,
    hearThrows: ({ read, failed }) =>
      tameThrows(realm, core, {
        own,
        sockets: isAny(grant.net),
        hear(error) {
          try {
            read(error);
          } catch {
            failed();
          }
        },
      }),
    inspect: (args) => inspectArgs(args, { colors: false }),
    getEnv: env.get.bind(env),
    allEnv: env.toObject.bind(env),
    processEnv: Object.create(null),
    lockListeners: (types) => lockListeners(realm, types),
    loadNode: () => {},
  };
  const grant = readRealmName(realm.name as string);
  closeStandardStreams(internals);
  tameLogs(internals);
  cutInternals(internals);
  captured.loadNode = postponeNode(realm, { env: captured.processEnv, deno });
  const guard = pathGuard(deno, grant);
  const hosts = hostGuard(deno, grant.net);
  const served = isAny(grant.net) ? { answers: ownAnswers(), requests: ownRequests() } : undefined;
  removeFileLocks(deno);
  replaceDeno(realm, { deno, grant, guard, hosts, served });
  tameTimers(realm);
  const signals = tameSignals(realm);
  tameFetch(realm, { grant, guard, hosts, signals });
  tameSockets(realm, hosts);
  silenceCodeFromText(realm);
  removeForgeable();
  refuseShortKeys();
  removeGlobals(realm);
  pinInternals();
  closePrototypes(realm);
  holdGlobals(realm);
  return captured;
}

function listenAlone(own: OwnListeners): Captured["listen"] {
  const add = globalThis.addEventListener.bind(globalThis) as (
    type: string,
    listener: (event: object) => void,
  ) => void;
  const { preventDefault, stopImmediatePropagation } = Event.prototype;
  const getters = {
    data: getterOf(MessageEvent.prototype, "data"),
    error: getterOf(ErrorEvent.prototype, "error"),
  };
  return (type, { of, read, failed }) => {
    own[type] = (event) => {
      try {
        apply(preventDefault, event, []);
        apply(stopImmediatePropagation, event, []);
        const get = getters[of];
        read(get === undefined ? (event as Realm)[of] : apply(get, event, []));
      } catch {
        failed();
      }
    };
    // The runtime lets a Worker end that listens to no messages.
    add(type, own[type]);
  };
}

/** Some of them are plain properties of the event. */
function getterOf(prototype: object, name: string): (() => unknown) | undefined {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get;
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

function replaceDeno(
  realm: Realm,
  { deno, ...checks }: {
    deno: Realm;
    grant: RealmGrant;
    guard: PathGuard;
    hosts: HostGuard;
    served: { answers: OwnAnswers; requests: OwnRequests } | undefined;
  },
): void {
  const allowed: Realm = Object.create(null);
  const { grant, guard } = checks;
  const net = tamedNet(realm, deno, checks);
  const files = checkedFiles(deno, { grant, guard });
  const figures = checkedSys(deno, grant);
  for (const name of grant.unsafe ? [...ALLOWED_DENO, ...UNSAFE_DENO] : ALLOWED_DENO) {
    if (!Object.hasOwn(deno, name)) continue;
    const tame = net[name];
    const real = lazily(deno, name);
    const instead = files(name) ?? figures(name) ?? STILL_TIMERS[name];
    const get = instead !== undefined
      ? () => instead
      : tame === undefined
      ? real
      : once(() => tame(real() as Callable));
    const isLazy = Object.getOwnPropertyDescriptor(deno, name)?.get !== undefined;
    Object.defineProperty(allowed, name, {
      enumerable: true,
      ...(isLazy ? { get } : { value: get() }),
    });
  }
  allowed.errors = Object.freeze({ ...deno.errors as object });
  allowed.env = tamedEnv(deno, grant);
  // Whether the program has colors is said by its environment. What a plugin writes has none.
  allowed.noColor = true;
  define(realm, { Deno: Object.freeze(allowed) });
}

/** They need no grant to write, and the program has locks of its own on files that a plugin may read. */
function removeFileLocks(deno: Realm): void {
  const { prototype } = (deno as unknown as typeof Deno).FsFile;
  for (const name of ["lock", "lockSync", "tryLock", "tryLockSync", "unlock", "unlockSync"]) {
    Reflect.deleteProperty(prototype, name);
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function lockListeners(realm: Realm, types: readonly string[]): void {
  for (const key of Object.getOwnPropertySymbols(realm)) {
    const data = Object.getOwnPropertyDescriptor(realm, key)?.value as
      | { listeners?: Record<string, object[]> }
      | undefined;
    const listeners = data?.listeners;
    if (listeners === undefined) continue;
    for (const type of types) {
      const list = listeners[type];
      if (list === undefined) continue;
      list.forEach((listener) => Object.freeze(listener));
      fix(listeners, { key: type, value: Object.freeze(list) });
    }
    fix(data!, { key: "listeners", value: listeners });
    fix(realm, { key, value: data });
  }
  // What a library would hear is nothing; being told so by an error it does not expect.
  const { addEventListener } = EventTarget.prototype;
  const locked: Record<string, true> = Object.create(null);
  for (const type of types) locked[type] = true;
  define(realm, {
    addEventListener: (...args: unknown[]) => {
      if (typeof args[0] === "string" && locked[args[0]] === true) return;
      apply(addEventListener, globalThis, args);
    },
  });
}

function fix(object: object, { key, value }: { key: PropertyKey; value: unknown }): void {
  Object.defineProperty(object, key, { value, writable: false, configurable: false });
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
    const load = lazily(realm, name) as () => (...args: unknown[]) => unknown;
    define(realm, {
      [name]: (task: unknown, ...rest: unknown[]) => {
        if (typeof task !== "function") {
          throw new TypeError(
            `Cannot call ${name}: its first argument is ${typeof task}, no function`,
          );
        }
        return load()(task, ...rest);
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
  // What the runtime is about to fill would lose its memory, and the program would end.
  Reflect.deleteProperty(ArrayBuffer.prototype, "resize");
  // What one is made of has a class that is not meant for anybody: the runtime tidies up after whatever it has made.
  for (const part of partsOf(new Blob(["x"]))) {
    Reflect.deleteProperty(Object.getPrototypeOf(part), "constructor");
  }
}

/** Objects that lie open in another one, under symbols. */
function partsOf(whole: object): object[] {
  const inside = Object.getOwnPropertySymbols(whole).map((symbol) => (whole as Realm)[symbol]);
  return inside.flat().filter((part): part is object => part !== null && typeof part === "object");
}

function removeGlobals(realm: Realm): void {
  const { deno } = (realm.Deno as typeof Deno).version;
  // The real one tells of the machine and holds locks that reach into the engine's isolate.
  define(realm, { navigator: Object.freeze({ userAgent: `Deno/${deno}` }) });
  const kept = new Set(["Function", "Deno", "process", "Buffer", "navigator", "console"]);
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
    // What is not loaded yet is no part of the language. The realm itself stays open: a library may add to it.
    const value = Object.getOwnPropertyDescriptor(realm, name)?.value;
    if (typeof value === "function") close((value as { prototype?: unknown }).prototype);
  }
  // What the runtime makes of these it hands to promises, which ask it for a `then`.
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(WebAssembly))) {
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
