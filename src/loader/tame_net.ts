import type { PathGuard } from "./granted_paths.ts";
import { hostOfUrl } from "./path_text.ts";
import { define, type Realm } from "./realm.ts";
import { isAny, type RealmGrant } from "./realm_name.ts";

/** A function of the runtime. */
export type Callable = (...args: unknown[]) => unknown;

const { apply } = Reflect;
const { stringify } = JSON;
const makeText = String;
const MakeUrl = URL;

/**
 * What stands before calls of the network, by their names. A plugin runs when they are called, so they use nothing that
 * a plugin could have replaced.
 *
 * @param deno the runtime's own `Deno`.
 */
export function tamedNet(
  realm: Realm,
  deno: Realm,
  { grant, guard }: { grant: RealmGrant; guard: PathGuard },
): Readonly<Record<string, (call: Callable) => Callable>> {
  const checks: Checks = {
    unix: unixCheck(deno, guard),
    proxy: isAny(grant.net) ? () => {} : netRefusal(deno),
  };
  const checked = (call: Callable) => withTransports(call, checks);
  return {
    __proto__: null as never,
    connect: checked,
    listen: checked,
    createHttpClient: checked,
    serve: (call) => checked(quietServe(call, realm)),
  };
}

/** Throws as the runtime does, for a host if it is known. */
export type NetRefusal = (host?: string) => never;

/** How the network is refused where nothing of it was granted. */
export function netRefusal(deno: Realm): NetRefusal {
  const { NotCapable } = deno.errors as typeof Deno.errors;
  return (host) => {
    const asked = host === undefined ? "" : ` to ${stringify(host)}`;
    throw new NotCapable(`Requires net access${asked}, none of it was granted`);
  };
}

/**
 * What stands in the place of calls of the network where nothing of it was granted: the permissions of the Worker refuse
 * as well, either is enough. A list of hosts is the runtime's to read: there are too many names for one.
 */
export function withoutNet(
  realm: Realm,
  deno: Realm,
  grant: RealmGrant,
): (name: string) => Callable | undefined {
  if (isAny(grant.net)) return () => undefined;
  const refuse = netRefusal(deno);
  define(realm, {
    WebSocket: refusedClass("WebSocket", refuse),
    EventSource: refusedClass("EventSource", refuse),
  });
  const atOnce = (options: unknown) => refuse(hostOf(options));
  // deno-lint-ignore require-await -- a rejection, not a throw
  const later = async (options: unknown) => refuse(hostOf(options));
  const calls: Readonly<Record<string, Callable>> = {
    __proto__: null as never,
    connect: later,
    connectTls: later,
    listen: atOnce,
    listenTls: atOnce,
    // deno-lint-ignore require-await -- as above
    resolveDns: async () => refuse(),
    serve: () => refuse(),
  };
  return (name) => calls[name];
}

/** The host that a call was given, for people. */
function hostOf(options: unknown): string | undefined {
  if (options === null || typeof options !== "object") return undefined;
  const { hostname, port } = options as Realm;
  return typeof hostname === "string" && typeof port === "number"
    ? `${hostname}:${port}`
    : undefined;
}

/** A class whose instances would reach for the network. */
function refusedClass(name: string, refuse: NetRefusal): object {
  const made = class extends EventTarget {
    constructor(url: unknown) {
      super();
      refuse(hostOfText(url));
    }
  };
  ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((state, value) => {
    for (const at of [made, made.prototype]) Object.defineProperty(at, state, { value });
  });
  return Object.defineProperty(made, "name", { value: name });
}

function hostOfText(url: unknown): string | undefined {
  try {
    return hostOfUrl(new MakeUrl(makeText(url)));
  } catch {
    return undefined;
  }
}

/**
 * The call with the transports that a plugin has. For "vsock" the runtime wants a flag: when that is missing it does
 * not throw, it ends the whole program. Options are read once, so that a getter cannot say another thing the second
 * time.
 */
function withTransports(call: Callable, checks: Checks): Callable {
  return (...args) => {
    const copies: unknown[] = [];
    for (let i = 0; i < args.length; i++) copies[i] = plainOptions(args[i], checks);
    return apply(call, undefined, copies);
  };
}

function plainOptions(arg: unknown, checks: Checks): unknown {
  if (arg === null || typeof arg !== "object") return arg;
  const options: Realm = { ...arg };
  checkTransport(options, checks);
  const { proxy } = options;
  if (proxy !== null && typeof proxy === "object") {
    const copy: Realm = { ...proxy };
    checks.proxy();
    checkTransport(copy, checks);
    options.proxy = copy;
  }
  return options;
}

/** Whatever is no text would be made one by the runtime, later. A server over a path has a socket there. */
function checkTransport(options: Realm, { unix }: Checks): void {
  const { transport, path } = options;
  if (transport === "unix" || path !== undefined) options.path = unix(path);
  if (transport === undefined) return;
  if (typeof transport === "string" && transport !== "vsock") return;
  throw new TypeError('Cannot use this transport: a plugin has "tcp" and "unix"');
}

/** What options are checked by. */
interface Checks {
  /** Refuses a socket with a path, or says which path is to be handed on. */
  readonly unix: (path: unknown) => unknown;
  /** Refuses a proxy where there is no network. */
  readonly proxy: () => void;
}

/**
 * For a socket with a path some runtimes ask for that path only, so that a granted folder would be a way to other
 * programs. No host names such a socket: it takes the grant of the whole network as well, and the path is one to be read
 * and written.
 */
function unixCheck(deno: Realm, { check }: PathGuard): Checks["unix"] {
  const { state } = (deno.permissions as Deno.Permissions).querySync({ name: "net" });
  const { NotCapable } = deno.errors as typeof Deno.errors;
  return (path) => {
    if (state !== "granted") {
      throw new NotCapable(
        "Requires net access, a unix socket is no host: only all of it has them",
      );
    }
    if (typeof path !== "string") {
      throw new TypeError("Cannot use this path of a socket: it is no text");
    }
    return check(check(path, { kind: "read" }), { kind: "write" });
  };
}

/**
 * The runtime prints what a handler throws as it stands, escapes included, on the program's own standard error. Here the
 * plugin's console gets it.
 */
function quietServe(serve: Callable, realm: Realm): Callable {
  const { prototype } = Response;
  const make = Response;
  const typeOf = Object.getOwnPropertyDescriptor(prototype, "type")!.get!;
  const isUsed = Object.getOwnPropertyDescriptor(prototype, "bodyUsed")!.get!;
  // Both throw for what only looks like one.
  const isAnswer = (value: unknown) =>
    apply(typeOf, value, []) !== "error" && apply(isUsed, value, []) === false;
  const onErrorOf = (own: unknown) => async (error: unknown) => {
    try {
      if (typeof own === "function") {
        const answer = await own(error);
        if (isAnswer(answer)) return answer;
      } else tell(realm, error);
    } catch (second) {
      tell(realm, second);
    }
    return new make("Internal Server Error", { status: 500 });
  };
  return (first, second) => {
    const isHandler = typeof first === "function";
    const options: Realm = isHandler ? {} : { ...first as Realm };
    options.onError = onErrorOf(options.onError);
    const handler = isHandler ? first : second;
    return apply(serve, undefined, handler === undefined ? [options] : [options, handler]);
  };
}

/** A console that the plugin has replaced may throw. */
function tell(realm: Realm, error: unknown): void {
  try {
    (realm.console as Console).error(error);
  } catch {
    // It has said all that it wants to be heard.
  }
}
