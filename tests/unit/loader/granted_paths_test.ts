import { assert, assertEquals, assertThrows } from "@std/assert";
import { askRuntime } from "./_ask_runtime.ts";
import { type PathGuard, pathGuard, type PathUse } from "../../../src/loader/granted_paths.ts";
import type { Realm } from "../../../src/loader/realm.ts";
import { type Granted, readRealmName, realmName } from "../../../src/loader/realm_name.ts";

const READ: PathUse = { kind: "read" };
const WRITE: PathUse = { kind: "write" };

/** A guard in this realm, which may do everything: what is refused it alone refuses. */
const guardOf = (grant: { read?: Granted; write?: Granted }): PathGuard =>
  pathGuard(Deno as unknown as Realm, readRealmName(realmName("mine", grant)));

const isRefused = (guard: PathGuard, path: string, use: PathUse) => {
  try {
    guard.check(path, use);
    return false;
  } catch (error) {
    assert(error instanceof Deno.errors.NotCapable, String(error));
    return true;
  }
};

Deno.test("PathGuard.check() agrees with the runtime about 5,000 spellings of paths", async () => {
  const granted = [
    "/kuiper/a",
    "/kuiper/b/../c/",
    "//kuiper//d/./e",
    "relative/f",
    "./g/../h",
    "/kuiper/ä b",
  ];
  const parts = [
    "kuiper",
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "h",
    "ä b",
    "relative",
    "..",
    ".",
    "",
    "...",
  ];
  let seed = 7;
  const pick = (count: number) => (seed = (seed * 48271) % 2147483647) % count;
  const starts = ["/", "", "//", "/kuiper/", `${Deno.cwd()}/`, "./", "../", "/kuiper/d/e/"];
  const paths = Array.from({ length: 5000 }, () => {
    const length = 1 + pick(6);
    const path = Array.from({ length }, () => parts[pick(parts.length)]).join("/");
    return starts[pick(starts.length)] + path || "a";
  });
  const asked = paths.map((path) => ({ name: "read", path }) as const);
  const runtime = await askRuntime({ read: granted }, asked);
  const guard = guardOf({ read: granted });
  const ours = paths.map((path) => !isRefused(guard, path, READ));
  assertEquals(paths.filter((_, i) => ours[i] !== runtime[i]), []);
  assert(runtime.filter((answer) => answer).length > 100);
});

/** A folder with `in` to be granted, `out` beside it, and links. */
async function withLinks(fn: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${folder}/in/sub`, { recursive: true });
    await Deno.mkdir(`${folder}/out`);
    await Deno.writeTextFile(`${folder}/in/file`, "");
    await Deno.writeTextFile(`${folder}/out/file`, "");
    await Deno.symlink("../out", `${folder}/in/leaves`);
    await Deno.symlink("sub", `${folder}/in/stays`);
    await Deno.symlink(`${folder}/out/none`, `${folder}/in/dangling`);
    await Deno.symlink("loop", `${folder}/in/loop`);
    await Deno.symlink("in", `${folder}/current`);
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("PathGuard.check() hands on what it was given, but for a path that goes up", async () => {
  await withLinks((folder) => {
    const { check } = guardOf({ read: [`${folder}/in`] });
    for (const path of [`${folder}/in/file`, `${folder}//in/./file`, `${folder}/in/a..b/..c/...`]) {
      assertEquals(check(path, READ), path);
    }
    // By way of the link the system would go up from where it leads.
    assertEquals(check(`${folder}/in/leaves/../file`, READ), `${folder}/in/file`);
    assertEquals(check(`${folder}/in/sub/..`, READ), `${folder}/in`);
  });
});

Deno.test("PathGuard.check() follows links, and lets one be that is not followed", async () => {
  await withLinks((folder) => {
    const guard = guardOf({ read: [`${folder}/in`], write: [`${folder}/in`] });
    const verdicts = (paths: readonly string[], use: PathUse) =>
      paths.map((path) => isRefused(guard, `${folder}/in/${path}`, use));
    const within = ["file", "stays", "stays/new", "none", "none/deep", "loop", "file/x"];
    const beyond = ["leaves", "leaves/file", "leaves/none", "leaves/none/deep"];
    for (const use of [READ, WRITE]) {
      assertEquals(verdicts(within, use), within.map(() => false));
      assertEquals(verdicts(beyond, use), beyond.map(() => true));
    }
    assertEquals(verdicts(["dangling"], READ), [false], "the runtime says that it is not there");
    assertEquals(verdicts(["dangling"], WRITE), [true], "it would be made outside");
    const ofLink = { kind: "write", ofLink: true } as const;
    assertEquals(verdicts(["leaves", "dangling", "leaves/file"], ofLink), [false, false, true]);
  });
});

Deno.test("PathGuard.check() says the same of all that lies behind a link which leads out, and not where it leads", async () => {
  await withLinks(async (folder) => {
    await Deno.symlink("round", `${folder}/out/round`);
    const { check } = guardOf({ read: [`${folder}/in`] });
    await Deno.mkdir(`${folder}/out/folder`);
    const long = "x".repeat(300);
    const behind = [
      ...["", "/file", "/none", "/file/x", "/none/x", "/round", "/round/x"],
      ...["/folder", "/none", "/file"].map((name) => `${name}/${long}`),
    ];
    for (const path of behind.map((end) => `${folder}/in/leaves${end}`)) {
      const { message } = assertThrows(() => check(path, READ), Deno.errors.NotCapable);
      assertEquals(
        message,
        `Requires read access to "${path}", a link there leads nowhere, or out of what was granted`,
      );
    }
  });
});

Deno.test("PathGuard.check() takes a granted path for what it leads to, wherever links are in it", async () => {
  await withLinks((folder) => {
    const { check } = guardOf({ read: [`${folder}/current`, `${folder}/in/leaves/file`] });
    for (const path of [`${folder}/current`, `${folder}/current/sub`, `${folder}/in/leaves/file`]) {
      assertEquals(check(path, READ), path);
    }
    // It leads to what was granted by another name.
    assertEquals(check(`${folder}/current/leaves/file`, READ), `${folder}/current/leaves/file`);
    assertThrows(() => check(`${folder}/current/leaves`, READ), Deno.errors.NotCapable);
  });
});

Deno.test("PathGuard.check() looks at no link where nothing may be read", async () => {
  await withLinks((folder) => {
    const asked: string[] = [];
    const realm = {
      ...Deno,
      realPathSync: (path: string) => asked.push(path) && Deno.realPathSync(path),
    };
    const grant = { read: [`${folder}/in/sub`], write: [`${folder}/in`] };
    const { check } = pathGuard(realm as Realm, readRealmName(realmName("mine", grant)));
    assertEquals(check(`${folder}/in/file`, WRITE), `${folder}/in/file`);
    assertEquals(asked, []);
    // What was granted is not to be read, so that nobody knows where it leads.
    assertEquals(check(`${folder}/in/sub/new`, WRITE), `${folder}/in/sub/new`);
    assertEquals(asked, [`${folder}/in/sub/new`, `${folder}/in/sub`]);
  });
});

Deno.test("PathGuard.check() lets a folder be made that was granted before it was there", async () => {
  await withLinks((folder) => {
    const path = `${folder}/in/later`;
    const { check } = guardOf({ read: [`${folder}/in`], write: [path] });
    for (const use of [WRITE, { kind: "write", ofLink: true } as const]) {
      assertEquals(check(path, use), path);
      assertEquals(check(`${path}/x`, use), `${path}/x`);
    }
  });
});
