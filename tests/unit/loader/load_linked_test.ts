import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createLogger, KuiperError, type Logger, silentLogger } from "../../../src/core/mod.ts";
import { type LinkedPlugin, loadLinked } from "../../../src/loader/load_linked.ts";
import { fileReader, type ModuleReader } from "../../../src/loader/module_reader.ts";
import { evaluate } from "./linking.ts";

/** A base directory with plugins, and how to load from it. */
class Base implements AsyncDisposable {
  readonly path: string;
  readonly lines: string[] = [];
  readonly log: Logger = createLogger((line) => void this.lines.push(line), { level: "debug" });
  constructor(path: string) {
    this.path = path;
  }
  static async create(files: Readonly<Record<string, string | Uint8Array>>): Promise<Base> {
    const base = new Base(await Deno.makeTempDir());
    for (const [path, content] of Object.entries(files)) await base.write(path, content);
    return base;
  }
  get cacheDir(): string {
    return `${this.path}/data/modules`;
  }
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const file = `${this.path}/plugins/sources/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(file, content);
    else await Deno.writeFile(file, content);
  }
  load(
    entry: string,
    options: { reader?: ModuleReader; isCached?: boolean } = {},
  ): Promise<LinkedPlugin> {
    const { reader, isCached = true } = options;
    return loadLinked({
      entry: `${this.path}/plugins/sources/${entry}`,
      display: `plugins/sources/${entry}`,
      log: this.log,
      ...(isCached ? { cacheDir: this.cacheDir } : {}),
      ...(reader === undefined ? {} : { reader }),
    });
  }
  async cacheFiles(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.cacheDir)) names.push(name);
    return names;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function exportsOf(plugin: LinkedPlugin): Promise<Record<string, unknown>> {
  const natives = Object.fromEntries(plugin.nodeModules.map((name) => [name, { join: () => "j" }]));
  return { ...(await evaluate(plugin.text, natives)).namespace };
}

const FILES = {
  "a.ts":
    `import { b } from "./lib/b.ts"; import { join } from "node:path"; export const a: string = b + join();`,
  "lib/b.ts": `export const b: number = 1;`,
};

Deno.test("loadLinked() tells the files, the node modules and a hash of the graph", async () => {
  await using base = await Base.create(FILES);
  const plugin = await base.load("a.ts");
  assertEquals(plugin.modules.map(({ path, display, bytes }) => ({ path, display, bytes })), [
    { path: "a.ts", display: "plugins/sources/a.ts", bytes: FILES["a.ts"].length },
    { path: "lib/b.ts", display: "plugins/sources/lib/b.ts", bytes: FILES["lib/b.ts"].length },
  ]);
  assertEquals(plugin.nodeModules, ["node:path"]);
  assertEquals(plugin.hash.length, 64);
  assertEquals(await exportsOf(plugin), { a: "1j" });
});

Deno.test("loadLinked() strips a byte order mark and takes CRLF", async () => {
  await using base = await Base.create({
    "a.ts": "\ufeff#!x\r\nexport const a: number\r\n  = 1;\r\n",
  });
  assertEquals(await exportsOf(await base.load("a.ts")), { a: 1 });
});

// -- The cache --

Deno.test("loadLinked() takes the second time from the cache what is the same", async () => {
  await using base = await Base.create(FILES);
  const first = await base.load("a.ts");
  const second = await base.load("a.ts");
  assertEquals([first.fromCache, second.fromCache], [false, true]);
  assertEquals({ ...second, fromCache: false }, first);
  assertEquals(await exportsOf(second), { a: "1j" });
});

Deno.test("loadLinked() links again when any file has changed, and keeps one record", async () => {
  await using base = await Base.create(FILES);
  const first = await base.load("a.ts");
  await base.write("lib/b.ts", "export const b: number = 2;");
  const second = await base.load("a.ts");
  assertEquals([second.fromCache, await exportsOf(second)], [false, { a: "2j" }]);
  assert(first.hash !== second.hash);
  assertEquals((await base.cacheFiles()).length, 1);
  assertEquals((await base.load("a.ts")).fromCache, true);
});

Deno.test("loadLinked() links again when a file has gone", async () => {
  await using base = await Base.create(FILES);
  await base.load("a.ts");
  await Deno.remove(`${base.path}/plugins/sources/lib/b.ts`);
  await assertRejects(() => base.load("a.ts"), KuiperError, 'Cannot import "./lib/b.ts"');
});

Deno.test("loadLinked() links again when a file appears that a dynamic import missed", async () => {
  await using base = await Base.create({ "a.js": `export const get = () => import("./late.js");` });
  const get = async () => {
    const plugin = await base.load("a.js");
    const exports = await exportsOf(plugin);
    return [
      plugin.fromCache,
      await (exports.get as () => Promise<object>)().then(Object.keys, String),
    ];
  };
  assertStringIncludes(String(await get()), "no such file");
  assertEquals((await get())[0], true);
  await base.write("late.js", "export const late = 1;");
  assertEquals(await get(), [false, ["late"]]);
});

Deno.test("loadLinked() never runs a record that was changed", async () => {
  await using base = await Base.create(FILES);
  await base.load("a.ts");
  const [name] = await base.cacheFiles();
  const path = `${base.cacheDir}/${name}`;
  const whole = await Deno.readTextFile(path);
  for (
    const broken of ["", "{}", whole.slice(0, -9), whole.replace("const a", "const z"), `x${whole}`]
  ) {
    await Deno.writeTextFile(path, broken);
    base.lines.length = 0;
    const plugin = await base.load("a.ts");
    assertEquals([plugin.fromCache, await exportsOf(plugin)], [false, { a: "1j" }]);
    assertEquals(base.lines.length, 1, broken);
  }
});

Deno.test("loadLinked() never runs a record that breaks the invariant, though its hash is right", async () => {
  await using base = await Base.create(FILES);
  await base.load("a.ts");
  const path = `${base.cacheDir}/${(await base.cacheFiles())[0]}`;
  const payload = (await Deno.readTextFile(path)).split("\n").slice(1).join("\n")
    .replace("const a", "import('file:///x');const a");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(payload));
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  await Deno.writeTextFile(path, `${hash}\n${payload}`);
  assertEquals((await base.load("a.ts")).fromCache, false);
});

Deno.test("loadLinked() goes on without a cache that cannot be written", async () => {
  await using base = await Base.create(FILES);
  // A file where the folder should be.
  await Deno.writeTextFile(`${base.path}/data`, "");
  assertEquals((await base.load("a.ts")).fromCache, false);
  assertEquals((await base.load("a.ts")).fromCache, false);
  assertStringIncludes(base.lines.join("\n"), "Not cached");
});

Deno.test("loadLinked() writes nothing without a cache folder", async () => {
  await using base = await Base.create(FILES);
  await base.load("a.ts", { isCached: false });
  assertEquals([...Deno.readDirSync(base.path)].map(({ name }) => name), ["plugins"]);
});

// -- Files --

Deno.test("loadLinked() refuses a link that leads outside of the folder", async () => {
  await using base = await Base.create({ "a.ts": `import "./b.ts";` });
  await Deno.writeTextFile(`${base.path}/secret.ts`, "");
  await Deno.symlink(`${base.path}/secret.ts`, `${base.path}/plugins/sources/b.ts`);
  const error = await assertRejects(() => base.load("a.ts"), KuiperError);
  assertEquals(
    error.message,
    'Cannot import "./b.ts" in plugins/sources/a.ts:1: it is a link that leads outside the plugin\'s folder',
  );
});

Deno.test("loadLinked() follows a link inside of the folder, and to the folder", async () => {
  await using base = await Base.create({
    "a.ts": `export * from "./b.ts";`,
    "c.ts": `export const c = 1;`,
  });
  await Deno.symlink("c.ts", `${base.path}/plugins/sources/b.ts`);
  await Deno.symlink("plugins/sources", `${base.path}/linked`);
  const entry = `${base.path}/linked/a.ts`;
  const plugin = await loadLinked({ entry, display: "linked/a.ts", log: silentLogger });
  assertEquals(await exportsOf(plugin), { c: 1 });
});

Deno.test("loadLinked() says what is wrong with an entry", async () => {
  await using base = await Base.create({
    "binary.js": new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]),
    "folder.ts/x.ts": "",
    "deep.js": `x = ${"[".repeat(100_000)}`,
    "deep.ts": `x = ${"[".repeat(100_000)}`,
  });
  const message = async (entry: string) =>
    (await assertRejects(() => base.load(entry), KuiperError)).message;
  assertEquals(
    await message("binary.js"),
    'Cannot load "plugins/sources/binary.js": it is not a text in UTF-8',
  );
  assertEquals(await message("gone.ts"), 'Cannot load "plugins/sources/gone.ts": no such file');
  assertEquals(
    await message("folder.ts"),
    'Cannot load "plugins/sources/folder.ts": it is a folder; name a file in it',
  );
  assertStringIncludes(await message("deep.js"), "plugins/sources/deep.js:1:");
  assertEquals(
    await message("deep.ts"),
    'Cannot load "plugins/sources/deep.ts": its code is nested too deeply',
  );
});

Deno.test("loadLinked() tells why a file cannot be read", async () => {
  await using base = await Base.create(FILES);
  const reader: ModuleReader = {
    ...fileReader,
    read: (url) =>
      url.endsWith("b.ts")
        ? Promise.reject(new Error("the disk is on fire"))
        : fileReader.read(url),
  };
  await assertRejects(
    () => base.load("a.ts", { reader }),
    KuiperError,
    'Cannot import "./lib/b.ts" in plugins/sources/a.ts:1: the disk is on fire',
  );
});

Deno.test("loadLinked() shortens a long chain of importers", async () => {
  const files: Record<string, string> = { "m20.js": `import "npm:x";` };
  for (let i = 0; i < 20; i++) files[`m${i}.js`] = `import "./m${i + 1}.js";`;
  await using base = await Base.create(files);
  const error = await assertRejects(() => base.load("m0.js"), KuiperError);
  assertStringIncludes(error.message, "m15.js:1, 14 more, imported by plugins/sources/m0.js:1)");
});
