import type { HostGuard } from "./granted_hosts.ts";
import type { PathGuard } from "./granted_paths.ts";
import { headerList } from "./header_list.ts";
import { withGlobals } from "./held_globals.ts";
import { decodedPath, goesUp, hostnameOfUrl, portOfUrl, schemeOf } from "./path_text.ts";
import { type Callable, define, lazily, type Realm } from "./realm.ts";
import type { RealmGrant } from "./realm_name.ts";
import type { HeldSignals } from "./tame_signals.ts";

const { apply } = Reflect;
const makeText = String;
const MakeUrl = URL;

/**
 * `fetch` looks at the host that it is given, and at the file: it reads those, too, and they are looked at as by the calls
 * of files. Where a server redirects to is the runtime's to look at before it goes there; what comes from elsewhere in the
 * end is not handed over here either. A plugin runs when it is called, so it uses nothing that a plugin
 * could have replaced.
 */
export function tameFetch(
  realm: Realm,
  { grant, guard, hosts, signals }: {
    grant: RealmGrant;
    guard: PathGuard;
    hosts: HostGuard;
    signals: HeldSignals;
  },
): void {
  const fetch = lazily(realm, "fetch") as () => Callable;
  const MakeRequest = Request;
  const urlOf = Object.getOwnPropertyDescriptor(Request.prototype, "url")!.get!;
  const headersOf = Object.getOwnPropertyDescriptor(Request.prototype, "headers")!.get!;
  const endOf = Object.getOwnPropertyDescriptor(Response.prototype, "url")!.get!;
  const bodyOf = Object.getOwnPropertyDescriptor(Response.prototype, "body")!.get!;
  const { cancel } = ReadableStream.prototype;
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
    if (grant.net === true || scheme === "data:" || scheme === "blob:") return;
    if (scheme !== "http:" && scheme !== "https:") hosts.refuse();
    hosts.check(hostnameOfUrl(url), portOfUrl(url));
  };
  const checkEnd = async (response: unknown) => {
    const end = apply(endOf, response, []) as string;
    // A file has none.
    if (grant.net === true || end === "") return;
    const url = new MakeUrl(end);
    try {
      checkHost(url, schemeOf(url));
    } catch (error) {
      const body: unknown = apply(bodyOf, response, []);
      if (body !== null) await apply(cancel, body, []);
      throw error;
    }
  };
  define(realm, {
    fetch: async (input: unknown, init: unknown) => {
      let target = input;
      if (!isRequest(input)) {
        // What is no text would be made one by the runtime, and perhaps another one.
        target = makeText(input);
        // One that is not whole would be a file beside the program's own modules: here it is no address.
        new MakeUrl(target as string);
      }
      // What a request says and what it is fetched by lie open in it: one of the plugin's could say two things. This one
      // is in nobody else's hands.
      const request = new MakeRequest(target as Request, init as RequestInit);
      headerList(apply(headersOf, request, []));
      const address: unknown = apply(urlOf, request, []);
      if (typeof address !== "string") throw new TypeError("Cannot fetch this: its URL is no text");
      const url = new MakeUrl(address);
      const scheme = schemeOf(url);
      if (scheme === "file:") checkFile(url);
      else checkHost(url, scheme);
      const fetching = withGlobals(() => apply(fetch(), undefined, [request]));
      // The runtime has made a request of its own of it.
      signals.keep(request);
      const response = await fetching;
      if (scheme !== "file:") await checkEnd(response);
      return response;
    },
  });
}
