import { assertEquals, assertRejects } from "@std/assert";
import { ownFileAt, ownFileUnder } from "../../../src/app/own_files.ts";
import { refuseOwnFiles } from "../../../src/app/refuse_own_files.ts";
import { resolveBase } from "../../../src/config/mod.ts";
import { KuiperError } from "../../../src/core/mod.ts";
import { dirname } from "@std/path";

/** A base directory with links to what is the program's own. */
async function withBase(
  fn: (base: string, paths: ReturnType<typeof resolveBase>) => Promise<void>,
): Promise<void> {
  const base = await Deno.realPath(await Deno.makeTempDir({ prefix: "kuiper_own_" }));
  try {
    for (const folder of ["etc", "plugins/sources", "data/out", "data/running"]) {
      await Deno.mkdir(`${base}/${folder}`, { recursive: true });
    }
    await Deno.writeTextFile(`${base}/data/kuiper.db`, "");
    await Deno.symlink("../etc", `${base}/data/config`);
    await Deno.symlink("kuiper.db", `${base}/data/harmless`);
    // They lead to what is not there yet, the second one by way of the first.
    await Deno.symlink("../../plugins/sources/none.ts", `${base}/data/out/report`);
    await Deno.symlink("report", `${base}/data/out/second`);
    await fn(base, resolveBase({ base, env: {}, cwd: base }));
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

/** What lies in something of the program's own, and in what of it. */
const OWN: Readonly<Record<string, string>> = {
  "etc": "etc",
  "etc/sources/new.yaml": "etc",
  "plugins/sources/x.ts": "plugins",
  "kuiper.lock": "kuiper.lock",
  "data": "data",
  "data/kuiper.db": "data/kuiper.db",
  "data/kuiper.db-wal": "data/kuiper.db-wal",
  "data/lock": "data/lock",
  "data/modules/x": "data/modules",
  "data/linked": "data/linked",
  "data/signatures/x": "data/signatures",
  "data/running/x": "data/running",
  "data/config/plugins.yaml": "etc",
  "data/harmless": "data/kuiper.db",
  "data/out/../running": "data/running",
  "data/out/report": "plugins",
  "data/out/second": "plugins",
};

const FREE = [
  "data/out",
  "data/out/x",
  "data/lockstep",
  "data/new",
  "etcetera",
  "kuiper.lock2",
  "x",
];

Deno.test("ownFileAt() takes what a link of the program's own leads to for its own", async () => {
  await withBase(async (base, paths) => {
    for (const folder of ["data/plugs/deep", "data/hop", "data/end", "data/far"]) {
      await Deno.mkdir(`${base}/${folder}`, { recursive: true });
    }
    // A file that is not there yet, a folder with another link in it, a link by way of a link, and own data.
    await Deno.symlink("../data/new/plugins.yaml", `${base}/etc/plugins.yaml`);
    await Deno.symlink("../../data/plugs", `${base}/plugins/sources/more`);
    await Deno.symlink("../../far", `${base}/data/plugs/deep/link`);
    await Deno.symlink("../data/hop/link", `${base}/etc/sources`);
    await Deno.symlink("../end", `${base}/data/hop/link`);
    await Deno.symlink("end/modules", `${base}/data/modules`);
    const own = {
      "data/new/plugins.yaml": "the configuration",
      "data/plugs/x.ts": "the plugins",
      "data/far/x.ts": "the plugins",
      "data/hop/link": "the configuration",
      "data/end/x.yaml": "the configuration",
    };
    for (const [path, whose] of Object.entries(own)) {
      assertEquals((await ownFileAt(`${base}/${path}`, paths))?.whose, whose, path);
      assertEquals((await ownFileUnder(dirname(`${base}/${path}`), paths))?.whose, whose, path);
    }
    assertEquals(
      (await ownFileUnder(`${base}/data/end/modules`, paths))?.whose,
      "the program's own data",
    );
    assertEquals(await ownFileUnder(`${base}/data/out`, paths), undefined);
    // A link that leads back, or to everything, ends the look.
    await Deno.symlink("..", `${base}/plugins/back`);
    assertEquals((await ownFileUnder(`${base}/data/out`, paths))?.whose, "the plugins");
  });
});

Deno.test("ownFileAt() knows what is the program's own, by whatever name", async () => {
  await withBase(async (base, paths) => {
    for (const [path, own] of Object.entries(OWN)) {
      assertEquals((await ownFileAt(`${base}/${path}`, paths))?.path, `${base}/${own}`, path);
    }
    for (const path of [...FREE, "."]) {
      assertEquals(await ownFileAt(`${base}/${path}`, paths), undefined);
    }
  });
});

Deno.test("ownFileUnder() finds it in a folder above, too", async () => {
  await withBase(async (base, paths) => {
    for (const path of [...Object.keys(OWN), ".", "..", "/"]) {
      const absolute = path === "/" ? path : `${base}/${path}`;
      assertEquals(await ownFileUnder(absolute, paths) === undefined, false, path);
    }
    for (const path of FREE) {
      assertEquals(await ownFileUnder(`${base}/${path}`, paths), undefined, path);
    }
  });
});

Deno.test("refuseOwnFiles() refuses the program's own to a sink, what runs now too, and names another place", async () => {
  await withBase(async (base, paths) => {
    const what = "Cannot use the sink";
    for (const path of Object.keys(OWN)) {
      const error = await assertRejects(
        () => refuseOwnFiles(`${base}/${path}`, { paths, what }),
        KuiperError,
        `${what}: a sink cannot write ${base}/${path}, which belongs to `,
      );
      assertEquals([error.code, error.message.includes(`${base}/data/out/`)], ["denied", true]);
    }
    for (const path of FREE) await refuseOwnFiles(`${base}/${path}`, { paths, what });
  });
});
