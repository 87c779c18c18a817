import { ALLOWED_PROCESS } from "./allowed_names.ts";
import { define, lazily, type Realm } from "./realm.ts";

/** The runtime writes its warnings there, and ends the Worker when it cannot. */
const NOWHERE = Object.freeze({ write: () => true, isTTY: false, fd: -1 });

/**
 * `process` and `Buffer` are the doors to the runtime's node modules, which take a third of an isolate's memory: they
 * are absent until the boot finds that the plugin uses them.
 *
 * @returns loads them: the plugin sees a small `process`, the real one stays with the node modules, emptied.
 */
export function postponeNode(
  realm: Realm,
  { env, deno }: { env: Record<string, string>; deno: Realm },
): () => void {
  const loadProcess = lazily(realm, "process");
  const loadBuffer = lazily(realm, "Buffer");
  let loaded = false;
  define(realm, { process: undefined, Buffer: undefined });
  return () => {
    if (loaded) return;
    loaded = true;
    const tamed = realm.Deno;
    // The real process is made from the real Deno.
    define(realm, { Deno: deno });
    const real = emptyProcess(loadProcess() as Realm, env);
    define(realm, { Deno: tamed });
    define(realm, { process: visibleProcess(real, env), Buffer: loadBuffer() });
  };
}

/** What bundled libraries read of `process`, and what the node modules call on whatever bears that name. */
function visibleProcess(real: Realm, env: Record<string, string>): object {
  const { version, versions, platform, arch, release, nextTick, hrtime } = real;
  const nothing = () => {};
  const seen: Realm = {
    stdout: NOWHERE,
    stderr: NOWHERE,
    env,
    argv: Object.freeze([]),
    version,
    versions,
    platform,
    arch,
    release,
    nextTick,
    hrtime,
    emitWarning: nothing,
    emit: () => false,
    // The folder in which the program runs is none of the plugin's business.
    cwd: () => "/",
  };
  for (const name of ["on", "once", "off", "addListener", "removeListener"]) {
    seen[name] = () => seen;
  }
  return Object.freeze(seen);
}

/**
 * What is left of the real process tells of the program, and changes its title: it cannot be taken away. So nobody is to get
 * hold of it. It is an event emitter, and the methods of those are a plugin's to replace: it has its own, for which it has no
 * listeners.
 */
function emptyProcess(real: Realm, env: Record<string, string>): Realm {
  // Between it and the event emitter that it is stands a prototype of its own.
  const between = Object.getPrototypeOf(real) as Realm;
  const silent: Realm = {};
  for (const emitter of [between, Object.getPrototypeOf(between) as Realm]) {
    for (const key of Object.getOwnPropertyNames(emitter)) {
      const { value } = Object.getOwnPropertyDescriptor(emitter, key)!;
      if (key !== "constructor" && typeof value === "function") silent[key] = () => real;
    }
  }
  for (const object of [real, between]) {
    for (const key of Reflect.ownKeys(object)) {
      if (typeof key === "symbol" || key === "constructor" || ALLOWED_PROCESS.has(key)) continue;
      Reflect.deleteProperty(object, key);
    }
  }
  define(real, {
    ...silent,
    emit: () => false,
    listeners: () => [],
    rawListeners: () => [],
    eventNames: () => [],
    listenerCount: () => 0,
    getMaxListeners: () => 0,
    _events: Object.create(null),
    _eventsCount: 0,
    env,
    argv: [],
    execArgv: [],
    stdout: NOWHERE,
    stderr: NOWHERE,
    emitWarning: () => {},
    cwd: () => "/",
    versions: Object.freeze({ ...real.versions as object }),
  });
  return real;
}
