import type { HostGuard } from "./granted_hosts.ts";
import type { PathGuard } from "./granted_paths.ts";
import { unixCheck, type UsualHost, withOptions } from "./net_options.ts";
import type { OwnAnswers } from "./own_answer.ts";
import type { OwnRequests } from "./own_request.ts";
import { quietServe } from "./quiet_serve.ts";
import type { Callable, Realm } from "./realm.ts";
import type { RealmGrant } from "./realm_name.ts";

const { apply, defineProperty, getPrototypeOf } = Reflect;
const makeText = String;
const makeNumber = Number;
const { stringify } = JSON;

const NEAR: UsualHost = { hostname: "127.0.0.1" };
const ANY: UsualHost = { hostname: "0.0.0.0", port: 0 };
const SERVED: UsualHost = { hostname: "0.0.0.0", port: 8000 };
const DNS_PORT = 53;

/**
 * What stands before calls of the network, by their names: each looks at the host that it is given before the runtime is
 * asked. The permissions of the Worker refuse as well; either is enough. Theirs alone are where a server redirects to, and
 * which servers of names the machine asks where the plugin names none: here it is known only at which port they are.
 *
 * A plugin runs when they are called, so they use nothing that a plugin could have replaced.
 *
 * @param deno the runtime's own `Deno`.
 */
export function tamedNet(
  realm: Realm,
  deno: Realm,
  { grant, guard, hosts, served }: {
    grant: RealmGrant;
    guard: PathGuard;
    hosts: HostGuard;
    served: { answers: OwnAnswers; requests: OwnRequests } | undefined;
  },
): Readonly<Record<string, (call: Callable) => Callable>> {
  const checks = { unix: unixCheck(deno, { grant, guard }), hosts };
  const atOnce = (usual?: UsualHost) => (call: Callable) => withOptions(call, checks, usual);
  const later = (call: Callable): Callable => {
    const checked = withOptions(call, checks, NEAR);
    return async (...args) => await apply(checked, undefined, args);
  };
  return {
    __proto__: null as never,
    connect: later,
    connectTls: later,
    listen: atOnce(ANY),
    listenTls: atOnce(ANY),
    createHttpClient: atOnce(),
    serve: (call) => quietServe(withOptions(call, checks, SERVED), realm, served),
    upgradeWebSocket: (call) => (request, given) => {
      const real = served?.requests.realOf(request) ?? request;
      if (served?.answers.isAnswered(real as object)) {
        throw new TypeError("Cannot make a socket of a request that was answered");
      }
      const made = apply(call, undefined, [real, socketOptions(given)]) as {
        socket: unknown;
        response: object;
      };
      if (served === undefined) return made;
      const { socket, response } = made;
      return { socket, response: served.answers.standIn(response, real as object) };
    },
    resolveDns: (call) => checkedDns(call, deno, hosts),
  };
}

/** They are asked once, and are what the runtime takes them for: it does not look at them all. */
function socketOptions(given: unknown): Realm {
  const { protocol, idleTimeout } = { ...given as Realm | undefined };
  const options: Realm = {};
  if (idleTimeout !== undefined) options.idleTimeout = makeNumber(idleTimeout);
  if (protocol === undefined || protocol === "") return options;
  const text = makeText(protocol);
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character > " " && character <= "~") continue;
    throw new TypeError(
      `Cannot speak this protocol over a WebSocket: ${stringify(text)} is no name of one`,
    );
  }
  options.protocol = text;
  return options;
}

/**
 * Which server of names is asked may stand in the options. The machine's own one is refused by the runtime where it was not
 * granted, and its error names it: the one who counts denials has heard that before the plugin does.
 */
function checkedDns(call: Callable, deno: Realm, hosts: HostGuard): Callable {
  const { NotCapable } = deno.errors as typeof Deno.errors;
  const denied: object = NotCapable.prototype;
  return async (query, type, given) => {
    const options: Realm = { ...given as object | undefined };
    const { nameServer } = options;
    if (nameServer !== undefined && nameServer !== null) {
      const server: Realm = { ...nameServer as object };
      const { ipAddr, port } = server;
      const address = makeText(ipAddr);
      const asked = port === undefined || port === null ? DNS_PORT : makeNumber(port);
      hosts.check(address, asked);
      options.nameServer = { ...server, ipAddr: address, port: asked };
      return await apply(call, undefined, [query, type, options]);
    }
    hosts.check(undefined, DNS_PORT);
    try {
      return await apply(call, undefined, [query, type, options]);
    } catch (error) {
      if (getPrototypeOf(error as object) === denied) hideText(error as Error);
      throw error;
    }
  };
}

function hideText(error: Error): void {
  // No denial by its form: as one it would be told with a grant of the whole network for its cure.
  const message = "Requires net access to the machine's own server of names, which was not granted";
  defineProperty(error, "message", { value: message });
  defineProperty(error, "stack", { value: `NotCapable: ${message}` });
}
