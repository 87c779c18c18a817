import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KuiperError } from "../../../src/core/mod.ts";
import {
  EMPTY_LOCK,
  fileKey,
  lockedFiles,
  lockedHash,
  type LockedPlugin,
  lockedPlugin,
  type Lockfile,
  parseLock,
  printLock,
  withPlugin,
} from "../../../src/loader/lock_file.ts";

const HASH = "0123456789abcdef".repeat(4);
const PLUGIN: LockedPlugin = {
  url: "https://h/b.ts",
  modules: {
    "https://h/b.ts": { sha256: HASH, bytes: 12, type: "typescript" },
    "https://h/a.js": { sha256: HASH, bytes: 3, type: "javascript" },
  },
  redirects: { "https://h/x": "https://h/a.js" },
};
const LOCK: Lockfile = { version: 1, plugins: { weather: PLUGIN } };
const TEXT = `{
  "version": 1,
  "plugins": {
    "weather": {
      "url": "https://h/b.ts",
      "modules": {
        "https://h/a.js": { "sha256": "${HASH}", "bytes": 3, "type": "javascript" },
        "https://h/b.ts": { "sha256": "${HASH}", "bytes": 12, "type": "typescript" }
      },
      "redirects": {
        "https://h/x": "https://h/a.js"
      }
    }
  }
}
`;

Deno.test("printLock() writes a line a module, sorted", () => {
  assertEquals(printLock(LOCK), TEXT);
  assertEquals(printLock(EMPTY_LOCK), '{\n  "version": 1,\n  "plugins": {}\n}\n');
});

Deno.test("printLock() keeps the files that are pinned, and parseLock() reads them", () => {
  const files = {
    mine: {
      "lib/z.ts": { sha256: HASH, bytes: 1 },
      "Mine.ts": { sha256: HASH, bytes: 2 },
    },
  };
  const text = printLock({ ...EMPTY_LOCK, files });
  assertEquals(
    text,
    `{
  "version": 1,
  "plugins": {},
  "files": {
    "mine": {
      "Mine.ts": { "sha256": "${HASH}", "bytes": 2 },
      "lib/z.ts": { "sha256": "${HASH}", "bytes": 1 }
    }
  }
}
`,
  );
  const read = parseLock(text, "kuiper.lock");
  assertEquals(lockedFiles(read, "mine"), files.mine);
  assertEquals(lockedFiles(read, "constructor"), undefined);
  // A sink of the same name is another plugin.
  assertEquals(fileKey("mine", "source"), "mine");
  assertEquals(lockedFiles(read, fileKey("mine", "sink")), undefined);
  // Adding and removing a plugin by URL leaves them.
  const added = withPlugin(read, { name: "weather", plugin: PLUGIN });
  assertEquals(withPlugin(added, { name: "weather", plugin: undefined }), read);
  assertThrows(
    () => parseLock(text.replace(HASH, "abc"), "kuiper.lock"),
    KuiperError,
    'files.mine["Mine.ts"].sha256 is "abc", expected 64 hex digits',
  );
});

Deno.test("parseLock() says what is wrong and where", () => {
  const cases: [string, string][] = [
    ["", "Cannot use kuiper.lock: Unexpected end of JSON input; restore the file, or remove it"],
    ["<<<<<<< HEAD\n{}", "it holds the marks of an unfinished merge"],
    ["[]", '"version" is undefined, expected 1'],
    ['{"version":"1"}', '"version" is "1", expected 1'],
    ['{"version":1}', '"plugins" is undefined, expected an object'],
    [
      '{"version":2,"plugins":[]}',
      "it is of version 2, and this program knows version 1; use the program that wrote it",
    ],
    ['{"version":1,"plugins":{"a":1}}', "plugins.a is 1, expected an object"],
    [TEXT.replace('"https://h/b.ts",', "7,"), "plugins.weather.url is 7, expected a URL"],
    [TEXT.replace(HASH, "abc"), 'a.js"].sha256 is "abc", expected 64 hex digits'],
    [TEXT.replace('bytes": 12', 'bytes": -1'), 'b.ts"].bytes is -1, expected a size'],
    [TEXT.replace('"typescript"', '"wasm"'), '.type is "wasm", expected "javascript" or'],
    [TEXT.replace('"https://h/a.js"\n', '"https://h/z.js"\n'), "expected one of its modules"],
    [TEXT.replace('h/b.ts",', 'h/c.ts",'), 'plugins.weather.url is "https://h/c.ts", expected one'],
  ];
  for (const [text, expected] of cases) {
    const error = assertThrows(() => parseLock(text, "kuiper.lock"), KuiperError);
    assertEquals(error.code, "config");
    assertStringIncludes(error.message, expected);
  }
});

const module = fc.record({
  sha256: fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: 64, maxLength: 64 })
    .map((digits) => digits.join("")),
  bytes: fc.nat(),
  type: fc.constantFrom("javascript" as const, "typescript" as const),
});
const url = fc.webUrl({ withQueryParameters: true });
const plugin: fc.Arbitrary<LockedPlugin> = fc.tuple(
  fc.uniqueArray(fc.tuple(url, module), { minLength: 1, selector: ([key]) => key }),
  fc.array(url),
).map(([modules, aliases]) => ({
  url: modules[0]![0],
  modules: Object.fromEntries(modules),
  redirects: Object.fromEntries(
    aliases.filter((alias) => !modules.some(([key]) => key === alias))
      .map((alias) => [alias, modules.at(-1)![0]]),
  ),
}));
const lock: fc.Arbitrary<Lockfile> = fc
  .array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "1")), plugin))
  .map((plugins) => ({ version: 1, plugins: Object.fromEntries(plugins) }));

/** The same record with its keys the other way round. */
function turned<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).reverse());
}

Deno.test("parseLock() reads what printLock() wrote, and the order changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(lock, async (lock) => {
      const text = printLock(lock);
      const read = parseLock(text, "kuiper.lock");
      assertEquals(Object.entries(read.plugins).sort(), Object.entries(lock.plugins).sort());
      assertEquals(printLock(read), text);
      const other = { ...lock, plugins: turned(lock.plugins) };
      assertEquals(printLock(other), text);
      for (const [name, plugin] of Object.entries(lock.plugins)) {
        const mixed = { ...plugin, modules: turned(plugin.modules) };
        assertEquals(await lockedHash(mixed), await lockedHash(plugin));
        assertEquals(lockedPlugin(read, name), plugin);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("lockedHash() differs when anything that is pinned differs", async () => {
  await fc.assert(
    fc.asyncProperty(plugin, plugin, async (a, b) => {
      const isSame = printLock(withPlugin(EMPTY_LOCK, { name: "a", plugin: a })) ===
        printLock(withPlugin(EMPTY_LOCK, { name: "a", plugin: b }));
      assertEquals(await lockedHash(a) === await lockedHash(b), isSame);
    }),
    { numRuns: 60 },
  );
});

Deno.test("withPlugin() changes one line of the file for one changed module", () => {
  const changed = {
    ...PLUGIN,
    modules: {
      ...PLUGIN.modules,
      "https://h/b.ts": { sha256: "f".repeat(64), bytes: 12, type: "typescript" as const },
    },
  };
  const before = TEXT.split("\n");
  const after = printLock(withPlugin(LOCK, { name: "weather", plugin: changed })).split("\n");
  assertEquals(before.filter((line, at) => line !== after[at]).length, 1);
  assertEquals(withPlugin(LOCK, { name: "weather", plugin: undefined }), EMPTY_LOCK);
});
