import type { Realm } from "./realm.ts";

/** A function of the runtime. */
export type Callable = (...args: unknown[]) => unknown;

const { apply } = Reflect;

/**
 * What stands before calls of the network, by their names. A plugin runs when they are called, so they use nothing that
 * a plugin could have replaced.
 *
 * @param deno the runtime's own `Deno`.
 */
export function tamedNet(
  realm: Realm,
  deno: Realm,
): Readonly<Record<string, (call: Callable) => Callable>> {
  const refuseUnix = unixRefusal(deno);
  const checked = (call: Callable) => withTransports(call, refuseUnix);
  return {
    __proto__: null as never,
    connect: checked,
    listen: checked,
    createHttpClient: checked,
    serve: (call) => checked(quietServe(call, realm)),
  };
}

/**
 * The call with the transports that a plugin has. For "vsock" the runtime wants a flag: when that is missing it does
 * not throw, it ends the whole program. Options are read once, so that a getter cannot say another thing the second
 * time.
 */
function withTransports(call: Callable, refuseUnix: () => void): Callable {
  return (...args) => {
    const copies: unknown[] = [];
    for (let i = 0; i < args.length; i++) copies[i] = plainOptions(args[i], refuseUnix);
    return apply(call, undefined, copies);
  };
}

function plainOptions(arg: unknown, refuseUnix: () => void): unknown {
  if (arg === null || typeof arg !== "object") return arg;
  const options: Realm = { ...arg };
  checkTransport(options, refuseUnix);
  const { proxy } = options;
  if (proxy !== null && typeof proxy === "object") {
    const copy: Realm = { ...proxy };
    checkTransport(copy, refuseUnix);
    options.proxy = copy;
  }
  return options;
}

/** Whatever is no text would be made one by the runtime, later. A server over a path has a socket there. */
function checkTransport({ transport, path }: Realm, refuseUnix: () => void): void {
  if (transport === "unix" || path !== undefined) refuseUnix();
  if (transport === undefined) return;
  if (typeof transport === "string" && transport !== "vsock") return;
  throw new TypeError('Cannot use this transport: a plugin has "tcp" and "unix"');
}

/**
 * For a socket with a path some runtimes ask for that path only, so that a granted folder would be a way to other
 * programs. No host names such a socket: it takes the grant of the whole network as well.
 */
function unixRefusal(deno: Realm): () => void {
  const { state } = (deno.permissions as Deno.Permissions).querySync({ name: "net" });
  const { NotCapable } = deno.errors as typeof Deno.errors;
  return () => {
    if (state === "granted") return;
    throw new NotCapable("Requires net access, a unix socket is no host: only all of it has them");
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
