import { assert, assertEquals, assertMatch } from "@std/assert";
import { module, redirect } from "../fakes/module_server.ts";
import { binaryTest, kuiper } from "./_kuiper.ts";
import { snapshot, startSite } from "./_modules.ts";

const SOURCE =
  "export default class { configure() {} async *open() { yield { message: { a: 1 } }; } }\n";

/** What `plugin add` says; nothing may be written. */
async function refused(
  add: (site: Awaited<ReturnType<typeof startSite>>) => Promise<{ code: number; stderr: string }>,
  says: RegExp[],
  routes: Record<string, string> = { "/a.ts": SOURCE },
): Promise<void> {
  await using site = await startSite(routes);
  const before = await snapshot(site.base.path);
  const { code, stderr } = await add(site);
  assertEquals(code, 1, stderr);
  for (const said of says) assertMatch(stderr, said);
  assert(!/\n\s+at /.test(stderr) && stderr.startsWith("error: "), stderr);
  assertEquals(await snapshot(site.base.path), before, "something was written");
}

binaryTest(
  "kuiper plugin add of what is not there says 404",
  () => refused((site) => site.add("x", "/b.ts"), [/\/b\.ts/, /404/]),
);

binaryTest(
  "kuiper plugin add from a server of an unknown authority names plugins.caFile",
  () =>
    refused(async (site) => {
      await Deno.writeTextFile(
        `${site.base.path}/etc/kuiper.yaml`,
        `plugins:\n  caFile: ${site.certificates.strangerCa}\n`,
      );
      const outcome = await site.add("x", "/a.ts");
      await Deno.writeTextFile(
        `${site.base.path}/etc/kuiper.yaml`,
        `plugins:\n  caFile: ${site.certificates.ca}\n`,
      );
      return outcome;
    }, [/certificate/, /caFile/]),
);

binaryTest("kuiper plugin add follows no redirect to another origin", () =>
  refused((site) => {
    site.server.routes.set("/r.ts", redirect("https://elsewhere.example.org/a.ts"));
    return site.add("x", "/r.ts");
  }, [/redirects to https:\/\/elsewhere\.example\.org\/a\.ts/, /plugins\.allowImport/]));

binaryTest("kuiper plugin add refuses a web page", () =>
  refused((site) => {
    site.server.routes.set("/a.ts", () => module("<html>", { type: "text/html" }));
    return site.add("x", "/a.ts");
  }, [/it is a web page; use the URL of the raw file/]));

binaryTest(
  "kuiper plugin add names the place of a syntax error in the third module",
  () =>
    refused((site) => site.add("x", "/a.ts"), [/\/c\.ts:2:\d+/], {
      "/a.ts": `import "./b.ts";\n${SOURCE}`,
      "/b.ts": 'import "./c.ts";\n',
      "/c.ts": "const a = 1;\nconst = 2;\n",
    }),
);

binaryTest("kuiper plugin add names the chain to an import that is not allowed", () =>
  refused(
    (site) => site.add("x", "/a.ts"),
    [/b\.ts/, /https:\/\/other\.example\.org\/lib\.js/, /plugins\.allowImport/],
    {
      "/a.ts": `import "./b.ts";\n${SOURCE}`,
      "/b.ts": 'import "https://other.example.org/lib.js";\n',
    },
  ));

binaryTest("kuiper plugin add refuses a manifest that asks for run", () =>
  refused(
    (site) => site.add("x", "/a.ts"),
    [/"run"/],
    {
      "/a.ts": `export const manifest = { contract: 1, permissions: { run: ["sh"] } };\n${SOURCE}`,
    },
  ));

binaryTest("kuiper plugin add refuses names and addresses that cannot be", async () => {
  await using site = await startSite({ "/a.ts": SOURCE }, { "plugins/sources/Mine.ts": SOURCE });
  const add = (name: string, url: string) => site.call("plugin", "add", name, url, "--yes");
  const good = site.server.url("/a.ts");
  const cases: [string, string, number, RegExp][] = [
    ["mqtt", good, 1, /"mqtt" is a built-in source/],
    ["mine", good, 1, /plugins\/sources\/Mine\.ts claims TYPE "mine" already/],
    ["random", good, 1, /random\.js claims TYPE "random" already/],
    ["web socket", good, 2, /"web socket" is no name/],
    ["x", "weather", 2, /is no URL/],
    ["x", "http://example.org/a.ts", 2, /use https:/],
    ["x", "file:///etc/passwd", 2, /expected https:/],
    ["x", "https://me:secret@example.org/a.ts", 2, /plugins\.tokens/],
  ];
  for (const [name, url, code, says] of cases) {
    const outcome = await add(name, url);
    assertEquals(outcome.code, code, outcome.stderr);
    assertMatch(outcome.stderr, says);
    assert(!outcome.stderr.includes("secret"));
  }
  const path = await site.add("x", "/a.ts", "--net=example.org/path");
  assertEquals(path.code, 1);
  assertMatch(path.stderr, /"example\.org\/path".* expected a host/);
  for (const host of ["*", "a b", "exämple.org", "a:port"]) {
    assertMatch((await site.add("x", "/a.ts", `--net=${host}`)).stderr, /expected a host/);
  }
  assertEquals(await snapshot(`${site.base.path}/data`), {});
});

binaryTest(
  "A lock of a newer version, an entry without a pin, a name that a file claims too",
  async () => {
    await using site = await startSite({ "/a.ts": SOURCE });
    const { base } = site;
    await site.add("x", "/a.ts");
    const lock = `${base.path}/kuiper.lock`;
    const text = await Deno.readTextFile(lock);
    await Deno.writeTextFile(lock, text.replace('"version": 1', '"version": 2'));
    for (const outcome of [await site.run("x"), await site.add("y", "/a.ts")]) {
      assertEquals(outcome.code, 1);
      assertMatch(outcome.stderr, /kuiper\.lock: it is of version 2/);
    }
    await Deno.remove(lock);
    assertMatch((await site.run("x")).stderr, /not in kuiper\.lock; look at it and approve it/);
    assertMatch((await site.call("plugin", "list")).stdout, /^x .*NOT PINNED$/m);
    assertEquals((await site.call("plugin", "update", "x", "--yes")).code, 0);
    assertEquals((await site.run("x")).rows, [{ a: 1 }]);
    await base.write({ "plugins/sources/X.ts": SOURCE });
    const both = await site.run("x");
    assertEquals(both.code, 1);
    assertMatch(
      both.stderr,
      /plugins\/sources\/X\.ts and the url of "x" in etc\/plugins\.yaml:\d+:3 both claim/,
    );
  },
);

binaryTest("A token goes to its host and is printed nowhere", async () => {
  await using site = await startSite({ "/a.ts": SOURCE });
  const { host } = new URL(site.server.origin);
  await site.base.write({
    "etc/kuiper.yaml":
      `plugins:\n  caFile: ${site.certificates.ca}\n  tokens:\n    "${host}": tok-5f3a9\n`,
  });
  const added = await site.add("x", "/a.ts", "--log-level=debug");
  assertEquals(added.code, 0, added.stderr);
  assertEquals(site.server.requests[0]?.headers.get("authorization"), "Bearer tok-5f3a9");
  site.server.routes.set("/b.ts", () => new Response("tok-5f3a9", { status: 401 }));
  const refused = await site.add("y", "/b.ts", "--log-level=debug", "--stack");
  assertEquals(refused.code, 1);
  assert(!(added.stderr + added.stdout + refused.stderr).includes("tok-5f3a9"));

  // A server that says it again.
  const said = (request: Request) => request.headers.get("authorization")!;
  const echoes = {
    "/a.ts": (request: Request) => module(`${SOURCE}// ${said(request)}`),
    "/syntax.js": (request: Request) => module(`const = "${said(request)}";`),
    "/type.js": (request: Request) => module("", { type: `text/${said(request)}` }),
    "/away.js": (request: Request) =>
      new Response(null, {
        status: 302,
        headers: { location: `https://other.example.org/${said(request)}` },
      }),
  };
  for (const [path, answer] of Object.entries(echoes)) {
    site.server.routes.set(path, answer);
    const { code, stdout, stderr } = path === "/a.ts"
      ? await site.call("plugin", "update", "x")
      : await site.add("y", path, "--log-level=debug", "--stack");
    assertEquals(code, 1);
    assertMatch(stdout + stderr, /\*\*\*/);
    assert(!(stdout + stderr).includes("tok-5f3a9"), stdout + stderr);
  }
});

/** More than the files of `etc` and less than what is added. */
const MOST_BYTES = 8192;

for (
  const [what, routes, says] of [
    [
      "a module",
      { "/a.ts": `${SOURCE}// ${"x".repeat(3 * MOST_BYTES)}\n` },
      /Cannot keep a module in .*modules: .*too large/i,
    ],
    [
      "the lock",
      Object.fromEntries([
        ["/a.ts", SOURCE + Array.from({ length: 100 }, (_, i) => `import "./${i}.js";\n`).join("")],
        ...Array.from({ length: 100 }, (_, i) => [`/${i}.js`, `export default ${i};\n`]),
      ]),
      /Cannot write .*kuiper\.lock: .*too large/i,
    ],
  ] as const
) {
  binaryTest(
    `kuiper plugin add leaves nothing half written when ${what} does not fit`,
    async () => {
      await using site = await startSite(routes);
      const { base, server } = site;
      const before = await snapshot(base.path);
      const add = (mostFileBytes?: number) =>
        kuiper(["plugin", "add", "x", server.url("/a.ts"), "--yes"], {
          cwd: base.path,
          ...(mostFileBytes === undefined ? {} : { mostFileBytes }),
        });
      const full = await add(MOST_BYTES);
      assertEquals(full.code, 1, full.stderr);
      assertMatch(full.stderr, says);
      assertEquals(full.stderr.trimEnd().split("\n").length, 1, full.stderr);
      const after = await snapshot(base.path);
      for (const [path, text] of Object.entries(after)) {
        if (before[path] === text || path.endsWith("kuiper.lock.guard")) continue;
        // What was kept before the disk was full is whole, and waits for the next try.
        const [, hash] = /\/data\/modules\/([0-9a-f]{64})\.module$/.exec(path) ?? [];
        assertEquals(await sha256(text), hash, path);
      }
      assertEquals(Object.keys(before).filter((path) => !(path in after)), []);

      assertEquals((await add()).code, 0);
      assertEquals((await site.run("x")).rows, [{ a: 1 }]);
    },
  );
}

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex();
}
