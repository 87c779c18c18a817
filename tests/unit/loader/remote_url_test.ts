import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KuiperError } from "../../../src/core/mod.ts";
import { resolveImport } from "../../../src/loader/import_policy.ts";
import { SAFE_NODE_MODULES } from "../../../src/loader/safe_node_modules.ts";
import { entryUrl, originsOf, remoteUrl } from "../../../src/loader/remote_url.ts";

const FROM = "https://host.example/dir/a.ts";
const POLICY = { origins: [new URL(FROM).origin, "https://other.example:8443"] };

/** Whatever an author might write, and what nobody would. */
const specifier = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.webPath().map((path) => `.${path}`),
  fc.array(fc.constantFrom(
    ..."https: http: file: data: // / \\ .. . @ : # ? host.example other.example :8443 127.0.0.1 [::1] %2f %00 a.ts"
      .split(" "),
    "\t",
    "\n",
    " ",
  )).map((parts) => parts.join("")),
);

Deno.test("remoteUrl() leads to allowed origins only, whatever is written", () => {
  fc.assert(
    fc.property(specifier, (text) => {
      const found = remoteUrl(text, { from: FROM, policy: POLICY });
      if ("why" in found) return;
      const url = new URL(found.url);
      assert(POLICY.origins.includes(url.origin));
      assertEquals([url.protocol, url.username, url.password, url.hash], ["https:", "", "", ""]);
      // A name for a module is the same when it is resolved again.
      assertEquals(remoteUrl(found.url, { from: FROM, policy: POLICY }), found);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("resolveImport() loads for a plugin by URL nothing but its origins, kuiper and listed modules", () => {
  const policy = { root: "", remote: POLICY, allowedNodeModules: SAFE_NODE_MODULES };
  fc.assert(
    fc.property(specifier, (text) => {
      const found = resolveImport(text, { from: FROM, policy });
      if (found.kind === "file") assert(POLICY.origins.includes(new URL(found.url).origin));
      if (found.kind === "native") {
        assert(found.specifier === "kuiper" || SAFE_NODE_MODULES.includes(found.specifier));
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("entryUrl() gives a URL that may be fetched, or one sentence", () => {
  fc.assert(
    fc.property(specifier, (text) => {
      try {
        const url = entryUrl(text);
        assert(url.protocol === "https:" || /^http:\/\/(127\.|localhost|\[::1\])/.test(url.href));
        assertEquals([url.username, url.password, url.hash], ["", "", ""]);
      } catch (error) {
        assert(error instanceof KuiperError && error.code === "module");
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("remoteUrl() takes http on this machine only", () => {
  for (const host of ["127.0.0.1:8000", "127.9.9.9", "localhost", "[::1]:1"]) {
    assertEquals(entryUrl(`http://${host}/a.ts`).origin, new URL(`http://${host}`).origin);
  }
  for (
    const host of ["127.0.0.1.example.com", "localhost.example", "10.0.0.1", "[::2]", "0.0.0.0"]
  ) {
    assertThrows(() => entryUrl(`http://${host}/a.ts`), KuiperError, "use https:");
  }
});

Deno.test("remoteUrl() keeps queries and names the origin that is missing", () => {
  const resolve = (text: string) => remoteUrl(text, { from: FROM, policy: POLICY });
  assertEquals(resolve("../b.ts?x=1#y"), { url: "https://host.example/b.ts?x=1" });
  assertEquals(resolve("//other.example:8443/b.ts"), { url: "https://other.example:8443/b.ts" });
  assertEquals(resolve("https://HOST.example:443/b"), { url: "https://host.example/b" });
  const refused = resolve("//other.example/b.ts");
  assert("why" in refused && refused.origin === "https://other.example");
});

Deno.test("originsOf() begins with the entry's own and repeats none", () => {
  assertEquals(
    originsOf(FROM, ["https://x.example/", "https://host.example", "https://x.example"]),
    [
      "https://host.example",
      "https://x.example",
    ],
  );
});
