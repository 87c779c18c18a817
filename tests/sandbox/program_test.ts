/**
 * A grant to write where the program itself lies: what it is replaced by would be run outside of every sandbox.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { register, runKuiper, type Venue, VENUES, WEAK, write } from "./_venue.ts";

const REPLACES = `export class Road {
  props: any;
  configure(_: string, props: any) { this.props = props; }
  async *open() {
    const { folder } = this.props;
    await Deno.writeTextFile(folder + "/mine", "#!/bin/sh\\necho replaced\\n", { mode: 0o755 });
    await Deno.rename(folder + "/mine", folder + "/kuiper");
    yield { message: { replaced: true } };
  }
}
`;

/** Run a copy of a venue's program out of a folder that a plugin may write. */
async function replacing(
  { command }: Venue,
  grant: (folder: string) => string,
): Promise<{ code: number; stdout: string; stderr: string; replaced: boolean }> {
  const base = await Deno.realPath(await Deno.makeTempDir({ prefix: "kuiper_program_" }));
  try {
    const folder = `${base}/data/tools`;
    await write(base, {
      "plugins/sources/Road.ts": REPLACES,
      "etc/plugins.yaml": `plugins:\n  road:\n    permissions: { read: [${
        JSON.stringify(folder)
      }], write: [${JSON.stringify(grant(folder))}] }\n`,
      "etc/sources/road.yaml": `default:\n  folder: ${JSON.stringify(folder)}\n`,
      "data/tools/mine": "",
    });
    await Deno.copyFile(command![0]!, `${folder}/kuiper`);
    await Deno.symlink("data", `${base}/link`);
    const venue = { name: "a copy", command: [`${folder}/kuiper`], why: "" };
    const ran = await runKuiper(venue, base, { args: ["run", "--type", "road"] });
    return { ...ran, replaced: (await Deno.stat(`${folder}/kuiper`)).size < 1000 };
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

const GRANTS: Readonly<Record<string, (folder: string) => string>> = {
  "its folder": (folder) => folder,
  "a folder above": () => "data",
  "the program": (folder) => `${folder}/kuiper`,
  "a link to a folder above": () => "link",
};

for (const [what, grant] of Object.entries(GRANTS)) {
  register(
    `A plugin that may write ${what} is not run ${VENUES[1]!.name}`,
    VENUES[1]!,
    async () => {
      const { code, stderr, replaced } = await replacing(VENUES[1]!, grant);
      assertEquals([code, replaced], [1, false], stderr);
      assertStringIncludes(stderr, "covers this program itself");
    },
  );
}

register(`A plugin that may write its folder replaces the program ${WEAK.name}`, WEAK, async () => {
  const { stdout, stderr, replaced } = await replacing(WEAK, (folder) => folder);
  assertEquals(replaced, true, stderr);
  assertStringIncludes(stdout, '{"replaced":true}');
});
