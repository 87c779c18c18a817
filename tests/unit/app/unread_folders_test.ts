import { assertEquals, assertRejects } from "@std/assert";
import { refuseUnreadFolders, unreadFolderFindings } from "../../../src/app/unread_folders.ts";
import { formatFinding, resolveBase } from "../../../src/config/mod.ts";
import { KuiperError } from "../../../src/core/mod.ts";
import type { Grant } from "../../../src/loader/mod.ts";

const PLACE = { file: "etc/plugins.yaml", line: 2, column: 3 };

Deno.test("refuseUnreadFolders() refuses a folder that may be written and not read, with the grant that is missing", async () => {
  const base = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${base}/data/out/sub`, { recursive: true });
    await Deno.writeTextFile(`${base}/data/file`, "");
    await Deno.symlink("out", `${base}/data/current`);
    const of = { paths: resolveBase({ base, env: {}, cwd: base }), name: "weather" };
    const say = async (grant: Grant): Promise<string | undefined> => {
      const whole = Object.fromEntries(
        Object.entries(grant).map(([kind, value]) =>
          [kind, Array.isArray(value) ? value.map((path) => `${base}/${path}`) : value] as const
        ),
      ) as Grant;
      const findings = await unreadFolderFindings(whole, { ...of, place: PLACE });
      const refusing = refuseUnreadFolders(whole, { ...of, owner: 'source "weather"' });
      if (findings.length === 0) return await refusing.then(() => undefined);
      const error = await assertRejects(() => refusing, KuiperError);
      assertEquals(error.code, "denied");
      assertEquals(error.message, `Cannot run source "weather": ${findings[0]!.message}`);
      return formatFinding(findings[0]!);
    };
    assertEquals(
      await say({ read: ["data/file"], write: ["data/out"] }),
      'etc/plugins.yaml:2:3: the grant of write "data/out" to "weather" is of a folder that it may not ' +
        "read, and so nobody could look where links in it lead: grant that, too, in etc/plugins.yaml, " +
        'permissions: { read: ["data/file","data/out"] }',
    );
    for (const folder of ["data/out/sub", "data/current"]) {
      assertEquals(typeof await say({ write: [folder] }), "string", folder);
    }
    for (
      const grant of [
        { read: ["data/out"], write: ["data/out/sub", "data/current"] },
        { read: ["data/current"], write: ["data/out"] },
        { read: true, write: ["data/out"] },
        { write: ["data/file", "data/none", "data/file/none"] },
        { write: ["data/out"], run: true },
        { write: true },
        {},
      ]
    ) assertEquals(await say(grant as Grant), undefined, JSON.stringify(grant));
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});
