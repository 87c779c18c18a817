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

const { apply } = Reflect;
const makeText = String;
const makeNumber = Number;
const MakeUrl = URL;

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
 * it does not throw, it ends the whole program.
 *
 * @param usual absent for a call that has no host of its own.
 */
export function withOptions(call: Callable, checks: NetChecks, usual?: UsualHost): Callable {
  return (...args) => {
    const copies: unknown[] = [];
    for (let i = 0; i < args.length; i++) copies[i] = plainOptions(args[i], checks);
    const options = copies[0];
    if (usual !== undefined && options !== null && typeof options === "object") {
      checkHost(options as Realm, usual, checks.hosts);
    }
    return apply(call, undefined, copies);
  };
}

function plainOptions(arg: unknown, checks: NetChecks): unknown {
  if (arg === null || typeof arg !== "object") return arg;
  const options: Realm = { ...arg };
  checkTransport(options, checks);
  const { proxy } = options;
  if (proxy !== null && typeof proxy === "object") options.proxy = plainProxy(proxy, checks);
  return options;
}

function plainProxy(given: object, checks: NetChecks): Realm {
  const proxy: Realm = { ...given };
  checkTransport(proxy, checks);
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

/** Whatever is no text would be made one by the runtime, later. A server over a path has a socket there. */
function checkTransport(options: Realm, { unix }: NetChecks): void {
  const { transport, path } = options;
  if (transport === "unix" || path !== undefined) options.path = unix(path);
  if (transport === undefined) return;
  if (typeof transport === "string" && transport !== "vsock") return;
  throw new TypeError('Cannot use this transport: a plugin has "tcp" and "unix"');
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
