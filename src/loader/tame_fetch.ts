import type { PathGuard } from "./granted_paths.ts";
import { decodedPath, goesUp, hostOfUrl, schemeOf } from "./path_text.ts";
import { define, lazily, type Realm } from "./realm.ts";
import { isAny, type RealmGrant } from "./realm_name.ts";
import { type Callable, netRefusal } from "./tame_net.ts";

const { apply } = Reflect;
const makeText = String;
const MakeUrl = URL;

/**
 * `fetch` reads files, too: they are looked at as by the calls of files. Where nothing of the network was granted it
 * reaches none. A plugin runs when it is called, so it uses nothing that a plugin could have replaced.
 */
export function tameFetch(
  realm: Realm,
  deno: Realm,
  { grant, guard }: { grant: RealmGrant; guard: PathGuard },
): void {
  const hasNet = isAny(grant.net);
  if (grant.read === true && hasNet) return;
  const refuseNet = netRefusal(deno);
  const fetch = lazily(realm, "fetch") as () => Callable;
  const urlOf = Object.getOwnPropertyDescriptor(Request.prototype, "url")!.get!;
  const isRequest = (value: unknown) => {
    try {
      apply(urlOf, value, []);
      return true;
    } catch {
      return false;
    }
  };
  const checkFile = (url: URL) => {
    if (grant.read === true) return;
    const path = decodedPath(url);
    // What the URL itself left there goes up by an escape of a slash.
    if (goesUp(path)) guard.refuse("read", path);
    guard.check(path, { kind: "read" });
  };
  const checkHost = (url: URL, scheme: string) => {
    if (hasNet || scheme === "data:" || scheme === "blob:") return;
    refuseNet(scheme === "http:" || scheme === "https:" ? hostOfUrl(url) : undefined);
  };
  define(realm, {
    fetch: async (input: unknown, init: unknown) => {
      const whole = isRequest(input);
      // What is no text would be made one by the runtime, and perhaps another one.
      const target = whole ? input : makeText(input);
      // One that is not whole would be a file beside the program's own modules: here it is no address.
      const url = new MakeUrl(whole ? apply(urlOf, input, []) : target as string);
      const scheme = schemeOf(url);
      if (scheme === "file:") checkFile(url);
      else checkHost(url, scheme);
      return await apply(fetch(), undefined, [target, init]);
    },
  });
}
