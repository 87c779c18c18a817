import type { HostGuard } from "./granted_hosts.ts";
import { hostnameOfUrl, portOfUrl, schemeOf } from "./path_text.ts";
import { define, lazily, type Realm } from "./realm.ts";

const { construct, getPrototypeOf } = Reflect;
const { defineProperties, defineProperty, getOwnPropertyDescriptors, setPrototypeOf } = Object;
const makeText = String;
const MakeUrl = URL;

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
    return construct(real, args, new.target);
  };
  const { name: _, ...own } = getOwnPropertyDescriptors(real);
  defineProperty(made, "name", { value: name });
  defineProperties(made, own);
  defineProperty(real.prototype, "constructor", { value: made });
  setPrototypeOf(made, getPrototypeOf(real));
  return made as unknown as Constructor;
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
