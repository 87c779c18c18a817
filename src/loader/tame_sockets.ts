import type { HostGuard } from "./granted_hosts.ts";
import { headerList } from "./header_list.ts";
import { hostnameOfUrl, portOfUrl, schemeOf } from "./path_text.ts";
import { define, lazily, type Realm } from "./realm.ts";

const { construct, getPrototypeOf } = Reflect;
const { defineProperties, defineProperty, getOwnPropertyDescriptors, setPrototypeOf } = Object;
const makeText = String;
const MakeUrl = URL;
const MakeHeaders = Headers;
const { isArray } = Array;

type Constructor = new (...args: unknown[]) => object;

/**
 * The classes that reach for the network when they are made look at their host before. A plugin runs when that is, so
 * nothing is used that a plugin could have replaced.
 */
export function tameSockets(realm: Realm, hosts: HostGuard): void {
  for (const name of ["WebSocket", "EventSource"]) {
    const load = lazily(realm, name) as () => Constructor;
    let made: Constructor | undefined;
    defineProperty(realm, name, {
      get: () => made ??= checkedClass(name, load(), hosts),
      // A library may put its own there.
      set: (value) => define(realm, { [name]: value }),
      enumerable: false,
      configurable: true,
    });
  }
}

/** A class like `real`, from which nothing leads to `real`. */
function checkedClass(name: string, real: Constructor, hosts: HostGuard): Constructor {
  const made = function (...args: unknown[]): object {
    if (new.target === undefined) throw new TypeError(`Cannot call ${name} without "new"`);
    if (args.length > 0) {
      const text = makeText(args[0]);
      checkAddress(text, hosts);
      args[0] = text;
    }
    if (name === "WebSocket" && args.length > 1) args[1] = plainProtocols(args[1]);
    return construct(real, args, new.target);
  };
  const { name: _, ...own } = getOwnPropertyDescriptors(real);
  defineProperty(made, "name", { value: name });
  defineProperties(made, own);
  defineProperty(real.prototype, "constructor", { value: made });
  setPrototypeOf(made, getPrototypeOf(real));
  return made as unknown as Constructor;
}

/** Most characters of all protocols: of a request that is too long the runtime itself says that it could not be written. */
const MOST_OF_PROTOCOLS = 8192;

/** What a WebSocket is told beside its address: protocols, or an object that has them. */
function plainProtocols(given: unknown): unknown {
  if (given === undefined || given === null) return given;
  if (typeof given !== "object" || isArray(given)) return textsOf(given);
  const { protocols, headers, client } = given as Realm;
  const options: Realm = { __proto__: null } as never;
  if (protocols !== undefined) options.protocols = textsOf(protocols);
  if (headers !== undefined) options.headers = headerList(new MakeHeaders(headers as HeadersInit));
  if (client !== undefined) options.client = client;
  return options;
}

function textsOf(given: unknown): string | string[] {
  const texts: string[] = [];
  let length = 0;
  const count = isArray(given) ? given.length : 1;
  for (let i = 0; i < count; i++) {
    texts[i] = makeText(isArray(given) ? given[i] : given);
    length += texts[i]!.length;
    if (length > MOST_OF_PROTOCOLS) {
      throw new TypeError(
        `Cannot speak these protocols: they have more than ${MOST_OF_PROTOCOLS} characters`,
      );
    }
  }
  return isArray(given) ? texts : texts[0]!;
}

function checkAddress(text: string, hosts: HostGuard): void {
  let url: URL;
  try {
    url = new MakeUrl(text);
  } catch {
    // One that is not whole would be a file beside the program's own modules.
    return hosts.refuse();
  }
  const scheme = schemeOf(url);
  if (scheme !== "ws:" && scheme !== "wss:" && scheme !== "http:" && scheme !== "https:") {
    hosts.refuse();
  }
  hosts.check(hostnameOfUrl(url), portOfUrl(url));
}
