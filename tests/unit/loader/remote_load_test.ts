import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createLogger, KuiperError, type Logger, silentLogger } from "../../../src/core/mod.ts";
import type { LinkedPlugin } from "../../../src/loader/load_linked.ts";
import { EMPTY_LOCK, type Lockfile, withPlugin } from "../../../src/loader/lock_file.ts";
import { ModuleCache } from "../../../src/loader/module_cache.ts";
import { type FetchedGraph, fetchGraph, pinGraph } from "../../../src/loader/remote_graph.ts";
import {
  inspectLocked,
  loadRemote,
  type RemoteLoadOptions,
} from "../../../src/loader/remote_load.ts";
import { mapStack } from "../../../src/loader/source_map.ts";
import { startModuleServer } from "../../fakes/mod.ts";
import type { ModuleRoute, ModuleServer } from "../../fakes/mod.ts";
import { evaluate } from "./linking.ts";

const ROUTES = {
  "/a.ts": `import { b } from "./lib/b.js?v=1";
export const manifest = { contract: 1, version: "1.0.0" };
export const a: string = b;
export const url = import.meta.url;
export function fails(): never { throw new Error("no"); }
`,
  "/lib/b.js?v=1": `export const b = "one";`,
};

/** A server with a plugin, its lock and its cache. */
class Pinned implements AsyncDisposable {
  readonly server: ModuleServer;
  readonly cache: ModuleCache;
  readonly folder: string;
  readonly lines: string[] = [];
  readonly log: Logger = createLogger((line) => void this.lines.push(line), { level: "warn" });
  lock: Lockfile = EMPTY_LOCK;
  graph: FetchedGraph | undefined;

  private constructor(server: ModuleServer, folder: string) {
    this.server = server;
    this.folder = folder;
    this.cache = new ModuleCache({ folder: `${folder}/modules`, log: this.log });
  }

  static async add(
    routes: Readonly<Record<string, ModuleRoute>> = ROUTES,
    allowImport: readonly string[] = [],
  ): Promise<Pinned> {
    const server = await startModuleServer({ routes });
    const pinned = new Pinned(server, await Deno.makeTempDir());
    const url = server.url("/a.ts");
    const graph = await fetchGraph({ url, allowImport, log: silentLogger });
    const plugin = await pinGraph(graph, pinned.cache);
    pinned.lock = withPlugin(EMPTY_LOCK, { name: "weather", plugin });
    pinned.graph = graph;
    return pinned;
  }

  load(options: Partial<RemoteLoadOptions> = {}): Promise<LinkedPlugin> {
    return loadRemote({
      name: "weather",
      url: this.server.url("/a.ts"),
      lock: this.lock,
      cache: this.cache,
      network: {},
      linkCacheDir: this.folder,
      log: this.log,
      ...options,
    });
  }

  async refusal(options: Partial<RemoteLoadOptions> = {}): Promise<string> {
    const error = await assertRejects(() => this.load(options), KuiperError);
    return error.message.replaceAll(this.server.origin, "ORIGIN")
      .replaceAll(this.cache.folder, "CACHE");
  }

  /** The cached file of a module. */
  fileOf(path: string): string {
    const url = this.server.url(path);
    return this.cache.pathOf(this.graph!.modules.find((module) => module.url === url)!.sha256);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("loadRemote() runs what was pinned, with the network gone", async () => {
  await using pinned = await Pinned.add();
  await pinned.server.stop();
  for (const fromCache of [false, true]) {
    const plugin = await pinned.load({ network: "offline" });
    assertEquals(plugin.fromCache, fromCache);
    assertEquals(plugin.hash, pinned.graph!.hash);
    assertEquals(plugin.modules.map(({ display }) => display), [
      pinned.server.url("/a.ts"),
      pinned.server.url("/lib/b.js?v=1"),
    ]);
    const { namespace } = await evaluate(plugin.text);
    assertEquals(namespace["a"], "one");
    assertEquals(namespace["url"], pinned.server.url("/a.ts"));
    try {
      (namespace["fails"] as () => never)();
    } catch (error) {
      const stack = mapStack((error as Error).stack!, plugin.maps);
      assertStringIncludes(stack, `${pinned.server.url("/a.ts")}:5:40`);
    }
  }
});

Deno.test("loadRemote() does not look at modules when the linked text is kept", async () => {
  await using pinned = await Pinned.add();
  await pinned.load();
  await Deno.remove(pinned.cache.folder, { recursive: true });
  assertEquals((await pinned.load({ network: "offline" })).fromCache, true);
});

Deno.test("loadRemote() asks the network for nothing that the cache has", async () => {
  await using pinned = await Pinned.add();
  pinned.server.routes.set("/lib/b.js?v=1", `export const b = "two";`);
  const before = pinned.server.requests.length;
  const { namespace } = await evaluate((await pinned.load()).text);
  assertEquals(namespace["a"], "one");
  assertEquals(pinned.server.requests.length, before);
});

Deno.test("loadRemote() fetches again what is damaged or lost, and runs it only as it was pinned", async () => {
  await using pinned = await Pinned.add();
  const path = "/lib/b.js?v=1";
  const text = ROUTES[path];
  const lose = [
    () => Deno.writeTextFile(pinned.fileOf(path), text.replace("one", "two")),
    () => Deno.remove(pinned.fileOf(path)),
  ];
  for (const lost of lose) {
    await lost();
    const plugin = await loadRemote({
      name: "weather",
      lock: pinned.lock,
      cache: pinned.cache,
      network: {},
      log: pinned.log,
    });
    assertEquals((await evaluate(plugin.text)).namespace["a"], "one");
    assertEquals(await Deno.readTextFile(pinned.fileOf(path)), text);
  }
  assertEquals(pinned.lines.length, 1);
  assertStringIncludes(pinned.lines[0]!, "is damaged, its hash is");
});

Deno.test("loadRemote() names both hashes when the server has changed", async () => {
  await using pinned = await Pinned.add();
  const path = "/lib/b.js?v=1";
  const pinnedHash = pinned.graph!.modules[1]!.sha256;
  await Deno.remove(pinned.fileOf(path));
  pinned.server.routes.set(path, ROUTES[path] + " ");
  const { modules } = await fetchGraph({ url: pinned.server.url("/a.ts"), log: silentLogger });
  assertEquals(
    await pinned.refusal(),
    `Cannot load plugin "weather": ORIGIN${path} has changed: kuiper.lock pins sha256 ${pinnedHash}, the server ` +
      `gives ${
        modules[1]!.sha256
      }; look at the difference and approve it with "kuiper plugin update weather"`,
  );
});

Deno.test("loadRemote() says what is missing without a network, or with one that fails", async () => {
  await using pinned = await Pinned.add();
  await Deno.remove(pinned.fileOf("/a.ts"));
  const lost = 'Cannot load plugin "weather": ORIGIN/a.ts is not in the cache (CACHE), and ';
  assertEquals(
    await pinned.refusal({ network: "offline" }),
    `${lost}there is no network; bring it with "kuiper plugin import"`,
  );
  pinned.server.routes.delete("/a.ts");
  assertEquals(
    await pinned.refusal(),
    `${lost}cannot be fetched: the server answers 404 Not Found`,
  );
  await Deno.writeTextFile(pinned.fileOf("/a.ts"), "");
  assertStringIncludes(await pinned.refusal(), "ORIGIN/a.ts is damaged in the cache (CACHE)");
});

Deno.test("loadRemote() refuses what the lock does not have", async () => {
  await using pinned = await Pinned.add();
  assertEquals(
    await pinned.refusal({ lock: EMPTY_LOCK }),
    'Cannot load plugin "weather": it is not in kuiper.lock; look at it and approve it with ' +
      '"kuiper plugin update weather"',
  );
  assertStringIncludes(
    await pinned.refusal({ url: pinned.server.url("/other.ts") }),
    "kuiper.lock pins ORIGIN/a.ts, and its URL is ORIGIN/other.ts; look at the difference",
  );
  const plugin = pinned.lock.plugins["weather"]!;
  const url = pinned.server.url("/a.ts");
  const modules = { [url]: plugin.modules[url]! };
  const lock = withPlugin(EMPTY_LOCK, { name: "weather", plugin: { ...plugin, modules } });
  assertEquals(
    await pinned.refusal({ lock }),
    'Cannot import "./lib/b.js?v=1" in ORIGIN/a.ts:1: it is not in kuiper.lock; look at it with ' +
      '"kuiper plugin update weather"',
  );
});

Deno.test("loadRemote() holds to the origins that are allowed today", async () => {
  await using other = await startModuleServer({ routes: { "/x.ts": "export const x = 1;" } });
  const routes = { "/a.ts": `export { x } from "${other.url("/x.ts")}";` };
  await using pinned = await Pinned.add(routes, [other.origin]);
  const plugin = await pinned.load({ allowImport: [other.origin] });
  assertEquals((await evaluate(plugin.text)).namespace["x"], 1);
  assertEquals(
    await pinned.refusal(),
    `Cannot load plugin "weather": it has modules of ${other.origin}; its origin is not allowed: add ` +
      `"${other.origin}" to plugins.allowImport in etc/kuiper.yaml if you trust what lies there`,
  );
});

Deno.test("loadRemote() links again when its text was damaged", async () => {
  await using pinned = await Pinned.add();
  await pinned.load();
  const [file] = [...Deno.readDirSync(pinned.folder)].filter(({ isFile }) => isFile);
  const path = `${pinned.folder}/${file!.name}`;
  const kept = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, kept.replace("one", "two"));
  const plugin = await pinned.load();
  assertEquals(plugin.fromCache, false);
  assertEquals((await evaluate(plugin.text)).namespace["a"], "one");
  assertEquals(await Deno.readTextFile(path), kept);
});

Deno.test("inspectLocked() tells of the pinned plugin what fetchGraph() told", async () => {
  await using pinned = await Pinned.add();
  const { lock, cache, log } = pinned;
  const inspected = await inspectLocked({ name: "weather", lock, cache, log });
  assertEquals(inspected, pinned.graph);
  assert(inspected.manifest?.version === "1.0.0");
});

Deno.test("loadRemote() loads two thousand modules", async () => {
  const count = 2000;
  const files: Record<string, string> = {};
  for (let at = 0; at < count; at++) {
    const below = [2 * at + 1, 2 * at + 2].filter((child) => child < count);
    const imports = below.map((child) => `import { sum as s${child} } from "./m${child}.ts";\n`);
    const sum = ["1", ...below.map((child) => `s${child}`)].join(" + ");
    files[at === 0 ? "/a.ts" : `/m${at}.ts`] = `${
      imports.join("")
    }export const sum: number = ${sum};\n`;
  }
  await using pinned = await Pinned.add(files);
  const plugin = await pinned.load({ network: "offline" });
  assertEquals((await evaluate(plugin.text)).namespace["sum"], count);
});
