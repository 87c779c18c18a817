/**
 * A grant to write over what the program trusts: its configuration, plugins, lock and data, by its name or by a link.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { LEVELS, register, runKuiper, VENUES, WEAK, write } from "./_venue.ts";
import type { Level, Venue } from "./_venue.ts";

/** Grants itself everything for its next start. */
const REWRITES = `export class Road {
  configure() {}
  async *open() {
    await Deno.writeTextFile("etc/plugins.yaml", "plugins: {road: {permissions: {read: true}}}");
    yield { message: { rewritten: true } };
  }
}
`;

async function rewriting(
  venue: Venue,
  grant: string,
  { args = ["run", "--type", "road"], isolation = "worker", more = "" }: {
    args?: readonly string[];
    isolation?: Level;
    /** Further lines of its entry. */
    more?: string;
  } = {},
): Promise<{ code: number; stdout: string; stderr: string; rewritten: boolean }> {
  const base = await Deno.makeTempDir({ prefix: "kuiper_trusted_" });
  try {
    await write(base, {
      "plugins/sources/Road.ts": REWRITES,
      "etc/plugins.yaml":
        `plugins:\n  road:\n    isolation: ${isolation}\n    permissions: ${grant}\n${more}`,
      "data/out/file": "",
    });
    await Deno.symlink("../etc", `${base}/data/link`);
    await Deno.mkdir(`${base}/data/mixed`);
    await Deno.symlink("../../etc", `${base}/data/mixed/link`);
    await Deno.symlink("file", `${base}/data/out/link`);
    await Deno.mkdir(`${base}/data/conf`);
    await Deno.symlink("../data/conf", `${base}/etc/sources`);
    const ran = await runKuiper(venue, base, { args });
    const text = await Deno.readTextFile(`${base}/etc/plugins.yaml`);
    return { ...ran, rewritten: text.includes("read: true") };
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

const COVERS: Readonly<Record<string, string>> = {
  "its configuration": "etc",
  "its configuration by a link": "data/link",
  "its plugins": "plugins/sources",
  "its lock": "kuiper.lock",
  "what its configuration has a link to": "data/conf",
  "its data": "data",
  "what it says of itself": "data/running",
};

for (const venue of VENUES) {
  for (const [what, entry] of Object.entries(COVERS)) {
    register(
      `A plugin that may write the program's ${what} is not run ${venue.name}`,
      venue,
      async () => {
        const { code, stderr, rewritten } = await rewriting(venue, `{ write: ["${entry}"] }`);
        assertEquals([code, rewritten], [1, false], stderr);
        assertStringIncludes(stderr, `the grant of write "`);
        assertStringIncludes(stderr, "data/out/road in its place");
      },
    );
  }
  register(`validate and plugin check refuse such a grant ${venue.name}`, venue, async () => {
    for (const args of [["validate"], ["plugin", "check", "road"]]) {
      const { code, stdout, stderr } = await rewriting(venue, `{ write: ["etc"] }`, { args });
      assertEquals(code, 1, stdout + stderr);
      assertStringIncludes(stdout + stderr, 'the grant of write "');
    }
  });
  register(
    `validate and plugin check name a link that leads there ${venue.name}`,
    venue,
    async () => {
      const grant = `{ read: ["data/mixed"], write: ["data/mixed"] }`;
      for (const args of [["run", "--type", "road"], ["validate"], ["plugin", "check", "road"]]) {
        const { code, stdout, stderr, rewritten } = await rewriting(venue, grant, { args });
        assertEquals([code, rewritten], [1, false], stdout + stderr);
        assertStringIncludes(
          stdout + stderr,
          'the grant of write "data/mixed" to "road" has in it the link data/mixed/link, which leads out of it to ',
        );
        assertStringIncludes(stdout + stderr, "where the configuration is: remove the link");
      }
    },
  );
  register(
    `A plugin is run whose link stays in what it may write ${venue.name}`,
    venue,
    async () => {
      const { code, stdout, stderr } = await rewriting(
        venue,
        `{ read: ["data/out"], write: ["data/out"] }`,
        {
          args: ["plugin", "check", "road"],
        },
      );
      // It is denied what it tries, and so it ran.
      assertEquals(code, 1);
      assertStringIncludes(stdout + stderr, 'was denied write access to "');
    },
  );
  register(
    `A plugin may write everything only with plugins.allowUnsafe ${venue.name}`,
    venue,
    async () => {
      const { code, stderr, rewritten } = await rewriting(venue, "{ write: true }");
      assertEquals([code, rewritten], [1, false], stderr);
      assertStringIncludes(stderr, "plugins.allowUnsafe");
    },
  );
  register(
    `A plugin that may read the configuration is warned of once ${venue.name}`,
    venue,
    async () => {
      const { stderr } = await rewriting(venue, `{ read: ["etc"] }`, {
        more: "    outsideLinks: ignore\n",
      });
      assertEquals(stderr.split("where secrets may lie").length, 2, stderr);
    },
  );
}

for (const isolation of LEVELS) {
  register(
    `A plugin in a ${isolation} that may write the configuration grants itself what it likes ${WEAK.name}`,
    WEAK,
    async () => {
      const { stdout, stderr, rewritten } = await rewriting(WEAK, `{ write: ["etc"] }`, {
        isolation,
      });
      assertEquals(rewritten, true, stderr);
      assertStringIncludes(stdout, '{"rewritten":true}');
    },
  );
}
