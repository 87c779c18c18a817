/** What a plugin was denied, told of by the binary. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryTest } from "./_kuiper.ts";
import { startSite } from "./_modules.ts";

/** It tries what it was not granted, three times, and says nothing of it. */
const SLY = `export default class {
  configure() {}
  async *open() {
    for (let i = 0; i < 3; i++) {
      try { await Deno.readTextFile("/etc/passwd"); } catch { /* Nobody shall know. */ }
    }
    try { Deno.env.get("HOME"); } catch { /* Neither of that. */ }
    for (let i = 0; i < 2; i++) {
      try { Deno.statSync("/.".repeat(600)); } catch { /* A long name hides nothing. */ }
    }
    yield { message: { done: true } };
  }
}
`;

binaryTest("What a plugin was denied is listed, also when it caught the error", async () => {
  await using site = await startSite({ "/sly.js": SLY });
  for (const isolation of ["worker", "process"]) {
    const added = await site.add(isolation, "/sly.js", `--isolation=${isolation}`);
    assertEquals(added.code, 0, added.stderr);
    const created = await site.call(
      "create",
      "stream",
      `s_${isolation} () WITH (TYPE="${isolation}")`,
    );
    assertEquals(created.code, 0, created.stderr);
    // A second run counts on.
    for (let n = 0; n < 2; n++) {
      const run = await site.call("run", `s_${isolation}`);
      assertEquals([run.code, run.rows], [0, [{ done: true }]], run.stderr);
      assertMatch(run.stderr, /was denied read access to "\/etc\/passwd"/);
    }
    const json = await site.call("plugin", "describe", isolation, "--json");
    const { denied } = JSON.parse(json.stdout);
    assertEquals([denied.total, denied.rest], [12, 0]);
    const items = denied.items as Record<string, unknown>[];
    assertEquals(items.map(({ kind, target, count }) => [kind, target, count]), [
      ["read", "/etc/passwd", 6],
      ["read", "/.".repeat(146) + "/… (cut)", 4],
      ["env", "HOME", 2],
    ]);
    assert(Number(items[0]!.firstAt) < Number(items[0]!.lastAt));
    const text = await site.call("plugin", "describe", isolation);
    assertStringIncludes(
      text.stdout,
      `: source "${isolation}" was denied env access to "HOME"; to grant it, add to etc/plugins.yaml:\n` +
        `plugins:\n  ${isolation}:\n    permissions:\n      env: ["HOME"]\n`,
    );
  }
});
