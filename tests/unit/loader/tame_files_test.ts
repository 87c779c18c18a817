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
      refused("read", "all"),
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
      refused("write", `"FOLDER/a"`),
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
