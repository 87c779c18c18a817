import { assertEquals, assertRejects } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { listTypes, resolveType, type SourceFolder } from "../../../src/loader/resolve_type.ts";

/** Call `body` with folders that hold empty files of these names. */
async function withFolders(
  contents: readonly (readonly string[])[],
  body: (folders: SourceFolder[]) => Promise<void>,
): Promise<void> {
  const base = await Deno.makeTempDir();
  try {
    const folders: SourceFolder[] = [];
    for (const [index, names] of contents.entries()) {
      const path = `${base}/${index}`;
      await Deno.mkdir(path);
      for (const name of names) await Deno.writeTextFile(`${path}/${name}`, "");
      folders.push({ path, display: index === 0 ? "plugins/sources" : `embedded${index}` });
    }
    await body(folders);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

/** What `type` resolves to among `names`: the file as the user calls it. */
async function fileOf(type: string, names: readonly string[]): Promise<string> {
  let display = "";
  await withFolders([names], async (folders) => {
    const found = await resolveType(type, { folders, builtins: ["mqtt"] });
    display = found.kind === "file" ? found.display : `built-in ${found.type}`;
  });
  return display.replace("plugins/sources/", "");
}

/** The sentence with which `type` is refused. */
async function refusal(type: string, names: readonly string[]): Promise<string> {
  const error = await assertRejects(() => fileOf(type, names), KuiperError);
  return `${error.code}: ${error.message}`;
}

Deno.test("resolveType() takes the first letter in either case and the rest exactly", async () => {
  assertEquals(await fileOf("mySource", ["MySource.ts"]), "MySource.ts");
  assertEquals(await fileOf("MySource", ["mySource.mjs"]), "mySource.mjs");
  assertEquals(await fileOf("my-source_2.x", ["my-source_2.x.js"]), "my-source_2.x.js");
  assertEquals(
    await refusal("mysource", ["MySource.mts"]),
    'not_found: TYPE "mysource" is not known; looked in plugins/sources/Mysource.{ts,js,mts,mjs}; did you mean "mySource"?',
  );
});

Deno.test("resolveType() takes the highest version", async () => {
  const semver = [
    "S@1.9.0.ts",
    "S@v1.10.0.ts",
    "S@1.10.0-beta.2.ts",
    "S@1.10.0-beta.10.ts",
    "S@9.ts",
    "S.ts",
  ];
  assertEquals(await fileOf("s", semver), "S@v1.10.0.ts");
  assertEquals(await fileOf("s", semver.slice(2)), "S@1.10.0-beta.10.ts");
  assertEquals(await fileOf("s", ["S@nightly.ts", "S@beta.ts", "S.ts"]), "S@nightly.ts");
  await withFolders([semver], async (folders) => {
    const found = await resolveType("s", { folders, builtins: [] });
    if (found.kind !== "file") throw new Error("not a file");
    assertEquals([found.type, found.name, found.version], ["s", "S", "1.10.0"]);
    assertEquals(found.others.map(({ version }) => version), [
      "1.10.0-beta.10",
      "1.10.0-beta.2",
      "1.9.0",
      "9",
      undefined,
    ]);
  });
});

Deno.test("resolveType() refuses two files that claim one name and version, naming both", async () => {
  assertEquals(
    await refusal("s", ["S.ts", "s.js"]),
    'config: plugins/sources/S.ts and plugins/sources/s.js both claim TYPE "s"; rename or remove one',
  );
  assertEquals(
    await refusal("s", ["S@1.0.0.ts", "S@v1.0.0.ts", "S@2.0.0.ts"]),
    'config: plugins/sources/S@1.0.0.ts and plugins/sources/S@v1.0.0.ts both claim TYPE "s" in version 1.0.0; rename or remove one',
  );
});

Deno.test("resolveType() never lets a file take a built-in's name", async () => {
  assertEquals(await fileOf("MQTT".toLowerCase(), []), "built-in mqtt");
  assertEquals(
    await refusal("mqtt", ["Mqtt.ts"]),
    'config: plugins/sources/Mqtt.ts takes the name of the built-in source "mqtt"; rename the file',
  );
});

Deno.test("resolveType() refuses what is no name", async () => {
  for (const type of ["", "../x", "a/b", "a\\b", "a..b", ".x", "a@1", "a b", "a\0", "C:x", "-x"]) {
    assertEquals(
      await refusal(type, ["x.ts"]),
      `config: TYPE ${
        JSON.stringify(type)
      } is not a name; use letters, digits, "_", "-" and single dots`,
    );
  }
});

Deno.test("resolveType() says what there is when no name is near", async () => {
  assertEquals(
    await refusal("websocket", ["Random.ts", "kuiper.d.ts", "notes.txt", ".hidden.ts"]),
    'not_found: TYPE "websocket" is not known; looked in plugins/sources/Websocket.{ts,js,mts,mjs}; there are "mqtt" and "random"',
  );
});

Deno.test("resolveType() takes the first folder that has the name, and passes one that is not there", async () => {
  await withFolders([["a.ts"], ["a.ts", "random.ts"]], async (folders) => {
    const all = [{ path: `${folders[0]!.path}/none`, display: "none" }, ...folders];
    const display = async (type: string) => {
      const found = await resolveType(type, { folders: all, builtins: [] });
      return found.kind === "file" ? found.display : "";
    };
    assertEquals(await display("a"), "plugins/sources/a.ts");
    assertEquals(await display("random"), "embedded1/random.ts");
    assertEquals((await listTypes(all)).map((file) => file.display), [
      "plugins/sources/a.ts",
      "embedded1/a.ts",
      "embedded1/random.ts",
    ]);
  });
});
