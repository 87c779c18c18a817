/**
 * What calls of the network are told. What is looked at is what is handed on: options are read once, so that a getter
 * cannot say another thing the second time. A plugin runs when they are read, so nothing is used that a plugin could have
 * replaced.
 *
 * @module
 */
import type { HostGuard } from "./granted_hosts.ts";
import type { PathGuard } from "./granted_paths.ts";
import { hostnameOfUrl, portOfUrl } from "./path_text.ts";
import type { Callable, Realm } from "./realm.ts";
import type { RealmGrant } from "./realm_name.ts";

const { apply, deleteProperty } = Reflect;
const { stringify } = JSON;
const makeText = String;
const makeNumber = Number;
const MakeUrl = URL;

/** Without one it is "tcp". What a later runtime adds is refused until it is listed here. */
const TRANSPORTS: readonly unknown[] = [undefined, "tcp", "unix"];
/** Of a proxy the others are spoken over "tcp". */
const PROXY_TRANSPORTS: readonly unknown[] = [...TRANSPORTS, "http", "https", "socks5"];

/** What options are checked by. */
export interface NetChecks {
  /** Refuses a socket with a path, or says which path is to be handed on. */
  readonly unix: (path: unknown) => unknown;
  readonly hosts: HostGuard;
}

/** Where a call of the network leads that is not told. */
export interface UsualHost {
  readonly hostname: string;
  /** Absent where the call wants one. */
  readonly port?: number;
}

/**
 * The call with the transports and the hosts that a plugin has. For "vsock" the runtime wants a flag: when that is missing
 * it does not throw, it ends the whole program. What the options are, an object or a function, is nothing to the runtime:
 * it looks only at what they have, and is given an object with the same.
 *
 * @param usual absent for a call that has no host of its own.
 */
export function withOptions(call: Callable, checks: NetChecks, usual?: UsualHost): Callable {
  return (given, handler) => {
    const options = plainOptions(given, checks);
    if (usual !== undefined) checkHost(options, usual, checks.hosts);
    return apply(call, undefined, typeof handler === "function" ? [options, handler] : [options]);
  };
}

function plainOptions(given: unknown, checks: NetChecks): Realm {
  const options: Realm = { ...given as object | undefined };
  checkTransport(options, checks, TRANSPORTS);
  const { proxy } = options;
  if (proxy) options.proxy = plainProxy(proxy, checks);
  return options;
}

function plainProxy(given: unknown, checks: NetChecks): Realm {
  const proxy: Realm = { ...given as object };
  checkTransport(proxy, checks, PROXY_TRANSPORTS);
  const { transport, url } = proxy;
  if (transport === "tcp") checkHost(proxy, { hostname: "" }, checks.hosts);
  else if (transport !== "unix") {
    const text = makeText(url);
    const address = new MakeUrl(text);
    checks.hosts.check(hostnameOfUrl(address), portOfUrl(address));
    proxy.url = text;
  }
  return proxy;
}

/** A socket with a path has no host: whoever has such has the whole network. */
function checkHost(options: Realm, usual: UsualHost, hosts: HostGuard): void {
  const { transport, path, hostname, port } = options;
  if (transport === "unix" || path !== undefined) return;
  const host = hostname === undefined || hostname === null ? usual.hostname : makeText(hostname);
  const asked = port === undefined || port === null ? usual.port : port;
  if (asked !== undefined && typeof asked !== "number" && typeof asked !== "string") {
    throw new TypeError(`Cannot use this port: it is ${typeof asked}, no number`);
  }
  hosts.check(host, makeNumber(asked));
  options.hostname = host;
  if (asked !== undefined) options.port = asked;
}

/**
 * Whatever is no text would be made one by the runtime, later. A server over a path has a socket there, and one with a "cid"
 * is one of "vsock", whatever else its options say: of both names the runtime asks only whether they are there.
 */
function checkTransport(options: Realm, { unix }: NetChecks, list: readonly unknown[]): void {
  const { transport, path, tunnel } = options;
  if (!isOneOf(list, transport)) {
    const asked = typeof transport === "string"
      ? stringify(transport)
      : `of type ${typeof transport}`;
    throw new TypeError(`Cannot use a transport ${asked}: a plugin has "tcp" and "unix"`);
  }
  if ("cid" in options || tunnel) {
    const name = tunnel ? "tunnel" : "cid";
    throw new TypeError(
      `Cannot use the option "${name}": a plugin has the transports "tcp" and "unix"`,
    );
  }
  // It wants the same flag, and the program ends without it in the same way.
  if (options.reusePort || options.loadBalanced) {
    throw new TypeError("Cannot share a port: a plugin listens alone");
  }
  if (transport === "unix" || path !== undefined) options.path = unix(path);
  else deleteProperty(options, "path");
}

function isOneOf(list: readonly unknown[], value: unknown): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === value) return true;
  return false;
}

/**
 * For a socket with a path some runtimes ask for that path only, so that a granted folder would be a way to other
 * programs. No host names such a socket: it takes the grant of the whole network as well, and the path is one to be read
 * and written.
 */
export function unixCheck(
  deno: Realm,
  { grant, guard: { check } }: { grant: RealmGrant; guard: PathGuard },
): NetChecks["unix"] {
  const { NotCapable } = deno.errors as typeof Deno.errors;
  return (path) => {
    if (grant.net !== true) {
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
