import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import {
  EMPTY_LOCK,
  type LockedPlugin,
  type Lockfile,
  printLock,
} from "../../../src/loader/lock_file.ts";
import { readLock, updateLock, writeLock } from "../../../src/loader/lock_store.ts";

const HASH = "0123456789abcdef".repeat(4);
const PLUGIN: LockedPlugin = {
  url: "https://h/b.ts",
  modules: {
    "https://h/b.ts": { sha256: HASH, bytes: 12, type: "typescript" },
  },
  redirects: {},
};
const LOCK: Lockfile = { version: 1, plugins: { weather: PLUGIN } };

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readLock() takes no file for a lock of nothing", async () => {
  await inFolder(async (folder) => {
    assertEquals(await readLock(`${folder}/kuiper.lock`), EMPTY_LOCK);
  });
});

Deno.test("writeLock() leaves the old file when it fails, and nothing else", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/kuiper.lock`;
    await writeLock(path, LOCK);
    const broken = { version: 1, plugins: { weather: { ...PLUGIN, url: "https://h/none.ts" } } };
    await assertRejects(() => writeLock(path, broken as Lockfile), KuiperError);
    await Deno.writeTextFile(`${folder}/file`, "");
    const scratch = `${folder}/file/scratch`;
    const error = await assertRejects(() => writeLock(path, EMPTY_LOCK, { scratch }), KuiperError);
    assertStringIncludes(error.message, `Cannot write ${path}: `);
    assertEquals(await readLock(path), LOCK);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "file",
      "kuiper.lock",
    ]);
  });
});

Deno.test("updateLock() writes nothing when the change throws, and lets the next one in", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/kuiper.lock`;
    await writeLock(path, LOCK);
    const change = () => Promise.reject(new Error("no"));
    await assertRejects(() => updateLock(path, { change }), Error, "no");
    assertEquals(await Deno.readTextFile(path), printLock(LOCK));
    await updateLock(path, { change: () => EMPTY_LOCK });
    assertEquals(await readLock(path), EMPTY_LOCK);
  });
});

Deno.test("updateLock() in two processes at once loses no plugin", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/kuiper.lock`;
    const store = new URL("../../../src/loader/lock_store.ts", import.meta.url).href;
    const file = new URL("../../../src/loader/lock_file.ts", import.meta.url).href;
    const code = `import { updateLock } from ${JSON.stringify(store)};
      import { withPlugin } from ${JSON.stringify(file)};
      const [path, scratch, prefix, plugin] = Deno.args;
      await Promise.all(Array.from({ length: 15 }, (_, at) =>
        updateLock(path, { scratch, change: (lock) =>
          withPlugin(lock, { name: prefix + at, plugin: JSON.parse(plugin) }) })));`;
    const script = `${folder}/add.ts`;
    await Deno.writeTextFile(script, code);
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const runs = ["a", "b", "c"].map((prefix) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--config", config, script, path, `${folder}/data`]
          .concat(prefix, JSON.stringify(PLUGIN)),
        stdin: "null",
      }).output()
    );
    for (const { success, stderr } of await Promise.all(runs)) {
      assert(success, new TextDecoder().decode(stderr));
    }
    assertEquals(Object.keys((await readLock(path)).plugins).length, 45);
    assertEquals([...Deno.readDirSync(`${folder}/data`)].map(({ name }) => name), [
      "kuiper.lock.guard",
    ]);
  });
});
