import { assertEquals, assertRejects } from "@std/assert";
import { editYaml } from "../../../src/config/edit_yaml.ts";
import { KuiperError } from "../../../src/core/mod.ts";

const NAME = "etc/plugins.yaml";
const URL_VALUE = { url: "https://a.b/c.ts", permissions: { net: ["a.b:443"] } };
const ADDED = `  weather:
    url: "https://a.b/c.ts"
    permissions:
      net: ["a.b:443"]
`;

const set = (text: string) =>
  editYaml(text, { name: NAME, path: ["plugins", "weather"], value: URL_VALUE });
const drop = (text: string, ...path: string[]) => editYaml(text, { name: NAME, path });

Deno.test("editYaml() adds an entry behind the last one and before the comments of the end", async () => {
  const text = `# head
plugins:
  # about the first
  one: # here
    isolation: worker

  # two:
  #   isolation: worker
`;
  assertEquals(
    await set(text),
    text.replace("isolation: worker\n\n", `isolation: worker\n${ADDED}\n`),
  );
});

Deno.test("editYaml() adds the mapping itself where there is none, or an empty one", async () => {
  assertEquals(await set(""), `plugins:\n${ADDED}`);
  assertEquals(await set("# only a comment\n"), `# only a comment\nplugins:\n${ADDED}`);
  assertEquals(await set("plugins: {} # none\n"), `plugins: # none\n${ADDED}`);
  assertEquals(await set("plugins:\n  # none\n"), `plugins:\n${ADDED}  # none\n`);
});

Deno.test("editYaml() replaces one key of an entry and nothing around it", async () => {
  const text = `plugins:\r
    weather: # mine\r
        url: https://a.b/c.ts # as it was\r
        permissions:\r
            net:\r
            - a.b\r
        # of the isolation\r
        isolation: worker\r
    "next one": {isolation: worker}\r
`;
  const edited = await editYaml(text, {
    name: NAME,
    path: ["plugins", "weather", "permissions"],
    value: { env: ["TZ"] },
  });
  assertEquals(
    edited,
    text.replace(
      "            net:\r\n            - a.b\r\n",
      '          env: ["TZ"]\r\n',
    ),
  );
});

Deno.test("editYaml() takes an entry away, and leaves an empty mapping behind the last", async () => {
  const text = "plugins:\n  one:\n    isolation: worker\n  # of two\n  two: {}\n";
  assertEquals(await drop(text, "plugins", "one"), "plugins:\n  # of two\n  two: {}\n");
  assertEquals(
    await drop("plugins: # all\n  one:\n    isolation: worker\n", "plugins", "one"),
    "plugins: {} # all\n",
  );
  assertEquals(await drop(text, "plugins", "three"), text);
});

Deno.test("editYaml() refuses what it cannot edit, with the lines to write by hand", async () => {
  for (
    const text of [
      "plugins: {one: {isolation: worker}}\n",
      "plugins: &all\n  one: {}\nmore: *all\n",
      "plugins:\n  one: [\n",
    ]
  ) {
    const error = await assertRejects(() => set(text), KuiperError, "cannot be edited safely");
    assertEquals(error.message.includes(`\nplugins:\n${ADDED}`.trimEnd()), true, error.message);
  }
});

Deno.test("editYaml() quotes names that YAML would read as something else", async () => {
  for (const name of ["yes", "a.b", "1", "ü-b"]) {
    const text = await editYaml("", { name: NAME, path: ["plugins", name, "cpu"], value: 1 });
    assertEquals(await drop(text, "plugins", name), "plugins: {}\n");
  }
});
