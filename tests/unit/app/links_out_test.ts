import { assertEquals, assertRejects } from "@std/assert";
import { linkFindings, refuseLinksOut } from "../../../src/app/links_out.ts";
import { formatFinding, type OutsideLinks, resolveBase } from "../../../src/config/mod.ts";
import { KuiperError } from "../../../src/core/mod.ts";
import type { Grant } from "../../../src/loader/mod.ts";

const PLACE = { file: "etc/plugins.yaml", line: 2, column: 3 };

/** A base directory with `data/out/sub`, to be granted, and links: from a path to what stands in it. */
async function withLinks(
  links: Readonly<Record<string, string>>,
  fn: (
    base: string,
    say: (grant: Grant, look?: { most?: number; outsideLinks?: OutsideLinks }) => Promise<string[]>,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const base = `${folder}/base`;
  try {
    await Deno.mkdir(`${base}/data/out/sub`, { recursive: true });
    await Deno.mkdir(`${base}/etc`);
    await Deno.mkdir(`${folder}/outside`);
    await Deno.writeTextFile(`${base}/data/out/file`, "");
    for (const [path, text] of Object.entries(links)) {
      await Deno.symlink(text.replace("BASE", base), `${base}/${path}`);
    }
    const paths = resolveBase({ base, env: {}, cwd: base });
    const of = { paths, name: "weather", place: PLACE };
    await fn(base, async (grant, look = {}) => {
      const whole = Object.fromEntries(
        Object.entries(grant).map(([kind, value]) =>
          [kind, value === true ? true : value.map((path) => `${base}/${path}`)] as const
        ),
      );
      const at = { ...of, ...look };
      const findings = await linkFindings(whole, at);
      const errors = findings.filter(({ severity }) => severity === "error");
      const refusing = refuseLinksOut(whole, { ...at, owner: `source "weather"` });
      if (errors.length > 0) {
        const error = await assertRejects(() => refusing, KuiperError);
        assertEquals(error.code, "denied");
        assertEquals(error.message, `Cannot run source "weather": ${errors[0]!.message}`);
      } else assertEquals(await refusing, findings.map(({ message }) => message));
      return findings.map(formatFinding).map((text) => text.replaceAll(folder, "FOLDER"));
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const AT = 'etc/plugins.yaml:2:3: the grant of write "data/out" to "weather" has in it the link ';
const WRITE = { write: ["data/out"] };
const BOTH = { read: ["data/out"], write: ["data/out"] };

Deno.test("linkFindings() names a link that leads out of what may be written, where it leads, and both cures", async () => {
  await withLinks({ "data/out/sub/link": "../../../../outside" }, async (_, say) => {
    const leads = `${AT}data/out/sub/link, which leads out of it to FOLDER/outside: ` +
      "remove the link, or grant in etc/plugins.yaml where it leads, permissions: ";
    assertEquals(await say(WRITE), [leads + '{ write: ["data/out","FOLDER/outside"] }']);
    assertEquals(await say(BOTH), [
      leads + '{ read: ["data/out","FOLDER/outside"], write: ["data/out","FOLDER/outside"] }',
    ]);
    assertEquals(await say({ read: true, ...WRITE }), [
      leads + '{ write: ["data/out","FOLDER/outside"] }',
    ]);
  });
});

Deno.test("linkFindings() takes a link that leads nowhere for what it would make", async () => {
  await withLinks({ "data/out/link": "BASE/../outside/none/deep" }, async (_, say) => {
    assertEquals(await say(WRITE), [
      `${AT}data/out/link, which leads out of it to FOLDER/outside/none/deep: remove the link, or grant in ` +
      'etc/plugins.yaml where it leads, permissions: { write: ["data/out","FOLDER/outside/none/deep"] }',
    ]);
  });
});

Deno.test("linkFindings() offers no grant of what is the program's own", async () => {
  await withLinks({ "data/out/link": "BASE/etc/plugins.yaml" }, async (_, say) => {
    assertEquals(await say(WRITE), [
      `${AT}data/out/link, which leads out of it to etc/plugins.yaml, where the configuration is: remove the link`,
    ]);
  });
});

Deno.test("linkFindings() lets be a link that stays in what is granted for its kind", async () => {
  const links = {
    "data/out/folder": "sub",
    "data/out/whole": "BASE/data/out/sub",
    "data/out/nowhere": "sub/none",
    "data/out/loop": "loop",
    "data/out/other": "BASE/data/in",
    "data/in": "BASE/../outside",
    "data/current": "out",
  };
  await withLinks(links, async (_, say) => {
    assertEquals(await say({ write: ["data/out", "data/in"] }), []);
    assertEquals(await say({ read: ["data/out", "data/in"], write: ["data/out", "data/in"] }), []);
    assertEquals(await say({ write: ["data/current", "data/in"] }), []);
    assertEquals(await say({ read: ["data/out", "data/in"], write: ["data/out/sub"] }), []);
    const [error] = await say({ read: ["data/out"], write: ["data/out", "data/in"] });
    assertEquals(
      error?.endsWith('permissions: { read: ["data/out","FOLDER/outside"] }'),
      true,
      error,
    );
  });
});

Deno.test("linkFindings() counts the links of a folder that may only be read, and lets them be where that is wanted", async () => {
  const links = { "data/out/sub/link": "../../../../outside" };
  await withLinks(links, async (base, say) => {
    const at = AT.replace("write", "read");
    const leads = `${at}data/out/sub/link, which leads out of it to FOLDER/outside`;
    const orIgnore =
      ', or write "outsideLinks: ignore" for "weather" there: then it is refused what lies behind';
    const read = { read: ["data/out"] };
    const [one] = await say(read);
    assertEquals(
      one,
      `${leads}: remove the link, or grant in etc/plugins.yaml where it leads, ` +
        `permissions: { read: ["data/out","FOLDER/outside"] }${orIgnore}`,
    );
    assertEquals(await say({ ...read, write: ["data/none"] }), [one]);
    // What was granted there is followed.
    assertEquals(await say({ read: ["data/out", "../outside"] }), []);
    assertEquals(await say(read, { outsideLinks: "ignore" }), []);
    await Deno.symlink(`${base}/etc`, `${base}/data/out/sub/second`);
    await Deno.symlink(`${base}/data/out/file`, `${base}/data/out/sub/inside`);
    const [two] = await say(read);
    assertEquals(
      two?.endsWith(
        `, and 1 more: remove them, or grant in etc/plugins.yaml where they lead${orIgnore}`,
      ),
      true,
      two,
    );
    // Where it may write the links are refused, whatever is said of those that may only be read.
    const written = await say({ read: ["data"], ...WRITE }, { outsideLinks: "ignore" });
    assertEquals(written[0]?.startsWith(`${AT}data/out/sub/`), true, written[0]);
    assertEquals((await say(read, { most: 2 })).length, 1);
  });
});

Deno.test("linkFindings() looks at nothing where nothing is granted, or everything, or the sandbox is open", async () => {
  await withLinks({ "data/out/link": "BASE/../outside" }, async (_, say) => {
    for (const grant of [{}, { read: true }, { write: true }, { ...WRITE, run: true }]) {
      assertEquals(await say(grant as Grant), []);
    }
    assertEquals(await say({ write: ["data/out/file", "data/none"] }), []);
  });
});

Deno.test("linkFindings() refuses a link that leads out as soon as it is moved, of whoever may move it", async () => {
  await withLinks({ "data/out/sub/up": ".." }, async (base, say) => {
    const moved = [
      `${AT}data/out/sub/up, which goes up by ".." and leads out of what was granted when it is moved; ` +
      "remove it, or let it name where it leads from the root",
    ];
    assertEquals(await say(BOTH), moved);
    assertEquals(await say({ read: ["data"], ...WRITE }), moved);
    assertEquals(await say({ read: true, ...WRITE }), moved);
    assertEquals(await say(WRITE), []);
    assertEquals(await say({ read: ["etc"], ...WRITE }), []);
    // That it does: it needs no more than to be moved.
    await Deno.rename(`${base}/data/out/sub/up`, `${base}/data/out/up`);
    assertEquals(await Deno.realPath(`${base}/data/out/up`), `${base}/data`);
  });
});

Deno.test("linkFindings() warns where it has not looked, the nearest first", async () => {
  await withLinks({ "data/out/sub/link": "BASE/../outside" }, async (base, say) => {
    const tooMany = (most: number) =>
      `etc/plugins.yaml:2:3: the grant of write "data/out" to "weather" has more than ${most} files in it: ` +
      "whether links that are deeper in it lead out of it was not looked at, grant a smaller folder";
    assertEquals(await say(WRITE, { most: 1 }), [tooMany(1)]);
    assertEquals(await say(WRITE, { most: 2 }), [tooMany(2)]);
    assertEquals((await say(WRITE, { most: 3 })).length, 1);
    assertEquals(
      (await say(WRITE, { most: 3 }))[0]?.includes("data/out/sub/link, which leads"),
      true,
    );
    await Deno.remove(`${base}/data/out/sub/link`);
    assertEquals(await say(WRITE, { most: 2 }), []);
    assertEquals(await say({ write: ["data/out", "data/out"] }, { most: 3 }), [tooMany(3)]);
  });
});

Deno.test("linkFindings() warns of a folder that nobody may look into", async () => {
  await withLinks({}, async (_, say) => {
    const long = "x".repeat(300);
    const [warning, ...more] = await say({ write: [long, "data/out"] });
    assertEquals(more, []);
    const start =
      `etc/plugins.yaml:2:3: whether links in what "weather" may write lead out of it was not looked at in ${long}: `;
    assertEquals(warning?.startsWith(start), true, warning);
  });
});
