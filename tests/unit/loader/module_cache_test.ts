import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createLogger, KuiperError, silentLogger } from "../../../src/core/mod.ts";
import { ModuleCache } from "../../../src/loader/module_cache.ts";
import { sha256 } from "../../../src/loader/sha256.ts";

const TEXT = new TextEncoder().encode("export const a = 1;\n");

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(folder)) found.push(name);
  return found.sort();
}

Deno.test("ModuleCache.read() gives what was written, and says what is absent", async () => {
  await inFolder(async (base) => {
    const cache = new ModuleCache({ folder: `${base}/data/modules`, log: silentLogger });
    const hash = await sha256(TEXT);
    assertEquals(await cache.read(hash), "absent");
    assertEquals(await cache.write(TEXT), hash);
    assertEquals(await cache.read(hash), TEXT);
    assertEquals(await names(cache.folder), [`${hash}.module`]);
  });
});

Deno.test("ModuleCache.read() never gives a damaged file, and write() mends it", async () => {
  await inFolder(async (folder) => {
    const lines: string[] = [];
    const log = createLogger((line) => void lines.push(line), { level: "warn" });
    const cache = new ModuleCache({ folder, log });
    const hash = await cache.write(TEXT);
    for (const damage of ["", "export const a = 2;\n"]) {
      await Deno.writeTextFile(cache.pathOf(hash), damage);
      assertEquals(await cache.read(hash), "damaged");
    }
    assertStringIncludes(lines[0]!, `${cache.pathOf(hash)} is damaged`);
    await cache.write(TEXT);
    assertEquals(await cache.read(hash), TEXT);
  });
});

Deno.test("ModuleCache.write() leaves nothing half-written when the disk is full", async () => {
  await inFolder(async (folder) => {
    const cache = new ModuleCache({
      folder,
      log: silentLogger,
      writeFile: async (path, bytes) => {
        await Deno.writeFile(path, bytes.subarray(0, 5));
        throw Object.assign(new Error("No space left on device (os error 28): writefile 'x'"), {
          code: "ENOSPC",
        });
      },
    });
    const error = await assertRejects(() => cache.write(TEXT), KuiperError);
    assertEquals(error.code, "io");
    assertEquals(
      error.message,
      `Cannot keep a module in ${folder}: the disk is full; free some space and try again`,
    );
    assertEquals(await names(folder), []);
  });
});

Deno.test("ModuleCache.write() says when its folder cannot be made", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const cache = new ModuleCache({ folder: `${folder}/file/modules`, log: silentLogger });
    const error = await assertRejects(() => cache.write(TEXT), KuiperError);
    assertStringIncludes(error.message, `Cannot keep a module in ${folder}/file/modules: `);
  });
});

Deno.test("ModuleCache.write() may run many times at once", async () => {
  await inFolder(async (folder) => {
    const caches = [1, 2].map(() => new ModuleCache({ folder, log: silentLogger }));
    await Promise.all(Array.from({ length: 20 }, (_, at) => caches[at % 2]!.write(TEXT)));
    assertEquals(await names(folder), [`${await sha256(TEXT)}.module`]);
  });
});

Deno.test("ModuleCache.prune() removes what is not kept, and nothing that is no module", async () => {
  await inFolder(async (base) => {
    const cache = new ModuleCache({ folder: `${base}/modules`, log: silentLogger });
    await cache.prune(new Set());
    const kept = await cache.write(TEXT);
    await cache.write(new TextEncoder().encode("export const b = 2;\n"));
    await Deno.writeTextFile(`${cache.folder}/linked.json`, "{}");
    await cache.prune(new Set([kept]));
    assertEquals(await names(cache.folder), [`${kept}.module`, "linked.json"]);
  });
});
