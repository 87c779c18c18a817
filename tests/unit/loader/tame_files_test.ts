import { assertEquals } from "@std/assert";
import { runPlugin, source } from "./_plugin.ts";
import type { Grant } from "../../../src/loader/permissions.ts";

/** What each expression gives or throws, with a folder under `props.folder`. */
async function outcomes(
  expressions: readonly string[],
  grant: (folder: string) => Grant,
): Promise<string[]> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeTextFile(`${folder}/a`, "A");
    await Deno.mkdir(`${folder}/some/sub`, { recursive: true });
    await Deno.writeTextFile(`${folder}/some/b`, "B");
    await Deno.symlink("../a", `${folder}/some/out`);
    await Deno.symlink("b", `${folder}/some/in`);
    await Deno.symlink("nowhere", `${folder}/some/dangling`);
    const tries = expressions.map((expression) =>
      `try { yield { message: { value: String(await (${expression})) } }; }
       catch (error) { yield { message: { value: error.name + ": " + error.message } }; }`
    );
    const run = await runPlugin(source(tries.join("\n")), {
      permissions: grant(folder),
      spec: { props: { folder } },
    });
    assertEquals(run.closed.end, { kind: "done" });
    return run.rows.map((row) => String(row?.value).replaceAll(folder, "FOLDER"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const refused = (kind: string, path: string) =>
  `NotCapable: Requires ${kind} access to ${path}, none of it was granted`;

Deno.test("A plugin without files gets calls that refuse, and names what it asked for", async () => {
  assertEquals(
    await outcomes([
      `Deno.readTextFile("a b")`,
      `Deno.readTextFile("a").catch((error) => "rejected: " + error.name)`,
      `Deno.statSync(new URL("file:///a%20b"))`,
      `Deno.readDir(7)`,
      `Deno.makeTempFile({ dir: "a" })`,
      `Deno.makeTempDirSync()`,
      `Deno.openSync("a")`,
      `Deno.open("a", { write: true })`,
      `Deno.rename("a", "b")`,
      `fetch("file:///a%20b")`,
      `fetch(" FI\\nLE:///a")`,
      `fetch(new Request("file:///a"))`,
      `fetch({ toString: () => "file:///a" })`,
    ], () => ({})),
    [
      refused("read", `"a b"`),
      "rejected: NotCapable",
      refused("read", `"/a b"`),
      refused("read", `"7"`),
      refused("write", `"a"`),
      refused("write", "<TMP>"),
      refused("read", `"a"`),
      refused("write", `"a"`),
      refused("read", `"a"`),
      refused("read", `"/a b"`),
      refused("read", `"/a"`),
      refused("read", `"/a"`),
      refused("read", `"/a"`),
    ],
  );
});

Deno.test("A plugin that may only read gets calls that write refused, and reads", async () => {
  assertEquals(
    await outcomes([
      `Deno.readTextFileSync(props.folder + "/a")`,
      `Deno.open(props.folder + "/a").then((file) => file.close() ?? "opened")`,
      `fetch("file://" + props.folder + "/a").then((answer) => answer.text())`,
      `Deno.writeTextFile(props.folder + "/b", "B")`,
      `Deno.openSync(props.folder + "/b", { read: true, create: true, write: true })`,
      `Deno.copyFileSync(props.folder + "/a", props.folder + "/b")`,
    ], (folder) => ({ read: [folder] })),
    [
      "A",
      "opened",
      "A",
      refused("write", `"FOLDER/b"`),
      refused("write", `"FOLDER/b"`),
      refused("write", `"FOLDER/b"`),
    ],
  );
});

Deno.test("A plugin that may only write gets calls that read refused, and writes", async () => {
  assertEquals(
    await outcomes([
      `Deno.writeTextFileSync(props.folder + "/b", "B") ?? "written"`,
      `Deno.open(props.folder + "/c", { write: true, create: true })
        .then((file) => file.close() ?? "opened")`,
      `Deno.openSync(props.folder + "/b")`,
      `Deno.openSync(props.folder + "/b", { read: true, write: true })`,
      `Deno.readTextFileSync(props.folder + "/b")`,
    ], (folder) => ({ write: [folder] })),
    [
      "written",
      "opened",
      refused("read", `"FOLDER/b"`),
      refused("read", `"FOLDER/b"`),
      refused("read", `"FOLDER/b"`),
    ],
  );
});

Deno.test("What a plugin makes or copies runs as whoever starts it, and not as its owner", async () => {
  const modeOf = (name: string) => `Deno.statSync(props.folder + "/${name}").mode & 0o7777`;
  const made = await outcomes([
    `Deno.writeFileSync(props.folder + "/m1", new Uint8Array(1), { mode: 0o6755 })`,
    modeOf("m1"),
    `Deno.writeTextFile(props.folder + "/m2", "x", { mode: 0o4700 })`,
    modeOf("m2"),
    `Deno.openSync(props.folder + "/m3", { write: true, create: true, mode: 0o4750 }).close()`,
    modeOf("m3"),
    `Deno.mkdirSync(props.folder + "/m4", { mode: 0o3700 })`,
    modeOf("m4"),
    `Deno.writeTextFileSync(props.folder + "/m5", "x", { mode: { valueOf: () => 0o4711 } })`,
    modeOf("m5"),
    `Deno.copyFileSync(props.folder + "/a", props.folder + "/m6")`,
    modeOf("m6"),
  ], (folder) => {
    Deno.chmodSync(`${folder}/a`, 0o640);
    return { read: [folder], write: [folder] };
  });
  const modes = made.filter((_, i) => i % 2 === 1).map(Number);
  assertEquals(modes.map((mode) => mode & 0o7000), [0, 0, 0, 0, 0, 0]);
  assertEquals(modes.map((mode) => mode & 0o700), [0o700, 0o700, 0o700, 0o700, 0o700, 0o600]);
  assertEquals(
    await outcomes([
      `Deno.copyFileSync(props.folder + "/a", props.folder + "/b")`,
      `Deno.copyFile(props.folder + "/none", props.folder + "/b").catch((error) => error.name)`,
    ], (folder) => {
      Deno.chmodSync(`${folder}/a`, 0o4755);
      return { read: [folder], write: [folder] };
    }),
    [
      "PermissionDenied: Cannot copy a file that runs as its owner or its group: the copy would, too",
      "NotFound",
    ],
  );
});

const outside = (kind: string, path: string) =>
  `NotCapable: Requires ${kind} access to ${path}, it lies outside of what was granted`;

Deno.test("A plugin with a folder has what is in it by whatever name, and the runtime's own errors", async () => {
  assertEquals(
    await outcomes([
      `Deno.readTextFile(props.folder + "/some//./sub/../b")`,
      `Deno.readTextFileSync(new URL("file://" + props.folder + "/%73ome/b"))`,
      `Deno.readTextFileSync({ toString: () => props.folder + "/some/b" })`,
      `fetch("file://localhost" + props.folder + "/some/b").then((answer) => answer.text())`,
      `Deno.readTextFileSync(props.folder + "/some/in")`,
      `Deno.lstatSync(props.folder + "/some/out").isSymlink`,
      `Deno.makeTempFile({ dir: props.folder + "/some/sub/..", prefix: "t" })
        .then((path) => path.startsWith(props.folder + "/some/t"))`,
      `Deno.mkdir(props.folder + "/some/x/y", { recursive: true })`,
      `Deno.rename(props.folder + "/some/x", props.folder + "/some/z")`,
      `Deno.copyFile(props.folder + "/some/b", props.folder + "/some/c")`,
      `Deno.watchFs([props.folder + "/some"]).close()`,
      `Deno.remove(props.folder + "/some/dangling")`,
      `Deno.readTextFile(props.folder + "/some/none")`,
      `Deno.readTextFile(props.folder + "/some/b/c")`,
      `Deno.mkdir(props.folder + "/some/in")`,
      `Deno.readTextFile("")`,
      `Deno.readTextFile(new URL("http://a.example/b"))`,
      `Deno.readTextFile(new URL("file://a.example/b"))`,
    ], (folder) => ({ read: [`${folder}/some`], write: [`${folder}/some/`] })),
    [
      "B",
      "B",
      "B",
      "B",
      "B",
      "true",
      "true",
      "undefined",
      "undefined",
      "undefined",
      "undefined",
      "undefined",
      "NotFound: No such file or directory (os error 2): readfile 'FOLDER/some/none'",
      "NotADirectory: Not a directory (os error 20)",
      "AlreadyExists: File exists (os error 17): mkdir 'FOLDER/some/in'",
      "Error: Empty path is not allowed",
      "TypeError: Must be a file URL",
      "TypeError: Host must be empty",
    ],
  );
});

Deno.test("A plugin with a folder is refused what lies outside of it, by each of its paths", async () => {
  assertEquals(
    await outcomes([
      `Deno.readTextFile(props.folder + "/a")`,
      `Deno.readTextFile(props.folder + "/some/../a")`,
      `Deno.readTextFileSync(props.folder + "/somewhere")`,
      `Deno.readTextFileSync(new URL("file://" + props.folder + "/some/%2e%2e%2fa"))`,
      `fetch("file://" + props.folder + "/a")`,
      `fetch("file://" + props.folder + "/some/..%2fa")`,
      `Deno.copyFile(props.folder + "/some/b", props.folder + "/c")`,
      `Deno.renameSync(props.folder + "/a", props.folder + "/some/c")`,
      `Deno.open(props.folder + "/some/b", { read: true, write: true })
        .then((file) => file.close() ?? "opened")`,
      `Deno.watchFs([props.folder + "/some", props.folder])`,
      `Deno.makeTempDir({ dir: props.folder })`,
      `Deno.makeTempDir()`,
    ], (folder) => ({ read: [`${folder}/some`], write: [`${folder}/some`] })),
    [
      outside("read", `"FOLDER/a"`),
      outside("read", `"FOLDER/a"`),
      outside("read", `"FOLDER/somewhere"`),
      outside("read", `"FOLDER/a"`),
      outside("read", `"FOLDER/a"`),
      outside("read", `"FOLDER/some/../a"`),
      outside("write", `"FOLDER/c"`),
      outside("read", `"FOLDER/a"`),
      "opened",
      outside("read", `"FOLDER"`),
      outside("write", `"FOLDER"`),
      outside("write", "<TMP>"),
    ],
  );
});

Deno.test("A plugin with a folder is led out of it by no link, and is not told where one leads", async () => {
  const led = (kind: string, name: string) =>
    `NotCapable: Requires ${kind} access to "FOLDER/some/${name}", ` +
    "a link there leads nowhere, or out of what was granted";
  assertEquals(
    await outcomes([
      `Deno.readTextFile(props.folder + "/some/out")`,
      `Deno.realPathSync(props.folder + "/some/out")`,
      `Deno.writeTextFile(props.folder + "/some/out", "")`,
      `Deno.copyFileSync(props.folder + "/some/b", props.folder + "/some/out")`,
      `fetch("file://" + props.folder + "/some/out")`,
      `Deno.writeTextFileSync(props.folder + "/some/dangling", "")`,
    ], (folder) => ({ read: [`${folder}/some`], write: [`${folder}/some`] })),
    [
      led("read", "out"),
      led("read", "out"),
      led("write", "out"),
      led("write", "out"),
      led("read", "out"),
      led("write", "dangling"),
    ],
  );
  // Either is granted: what it asked for, or where that leads.
  for (const more of ["some/out", "a"]) {
    const granted = (folder: string): Grant => ({ read: [`${folder}/some`, `${folder}/${more}`] });
    assertEquals(await outcomes([`Deno.readTextFile(props.folder + "/some/out")`], granted), ["A"]);
  }
});

Deno.test("fetch() takes what it took, without a grant of files", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => new Response(`${request.method} ${await request.text()}`),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  assertEquals(
    await outcomes([
      `fetch(${JSON.stringify(url)}).then((answer) => answer.text())`,
      `fetch(new URL(${
        JSON.stringify(url)
      }), { method: "POST", body: "a" }).then((answer) => answer.text())`,
      `fetch(new Request(${
        JSON.stringify(url)
      }, { method: "PUT", body: "b" })).then((answer) => answer.text())`,
      `fetch(new Request(${
        JSON.stringify(url)
      }), { method: "POST", body: "c" }).then((answer) => answer.text())`,
      `fetch("data:,d").then((answer) => answer.text())`,
      `fetch("nowhere").catch((error) => error.name)`,
    ], () => ({ net: [`127.0.0.1:${server.addr.port}`] })),
    ["GET ", "POST a", "PUT b", "POST c", "d", "TypeError"],
  );
});

Deno.test("A plugin with all of the network has a unix socket where it may read and write, and no other plugin has", async () => {
  const listens =
    `(Deno.listen({ transport: "unix", path: props.folder + "/s" }).close(), "listened")`;
  const files = (folder: string): Grant => ({ read: [folder], write: [folder] });
  assertEquals(await outcomes([listens], (folder) => ({ ...files(folder), net: true })), [
    "listened",
  ]);
  assertEquals(await outcomes([listens], (folder) => ({ ...files(folder), net: ["a.example"] })), [
    "NotCapable: Requires net access, a unix socket is no host: only all of it has them",
  ]);
});
