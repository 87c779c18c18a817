import { assertMatch, assertRejects } from "@std/assert";
import { KuiperError } from "../../src/core/mod.ts";
import { linkText } from "../unit/loader/_plugin.ts";
import { assertClosed, withSecretFile } from "./_road.ts";

Deno.test("A plugin imports no file at run time", async () => {
  await withSecretFile((path) =>
    assertClosed({
      literal: `import("file:///etc/passwd")`,
      computed: `import("file://" + props.path)`,
      withType: `import("file://" + props.path, { with: { type: "json" } })`,
      path: `import(props.path)`,
      data: `import("data:text/javascript,export default 1")`,
      computedData: `import("data:text/javascript," + "export default 1")`,
      blob: `import(URL.createObjectURL(new Blob(["export default 1"])))`,
      https: `import("https://example.com/" + "a.js")`,
      node: `import("node:" + "fs")`,
      npm: `import("npm:" + "mqtt")`,
    }, { props: { path } })
  );
});

Deno.test("A plugin imports no file when it is linked", async () => {
  const specifiers = [
    "file:///etc/hostname",
    "/etc/hostname",
    "../../../etc/hostname",
    "data:text/javascript,export default 1",
    "blob:null/1",
    "node:fs",
    "node:child_process",
    "node:worker_threads",
    "node:module",
    "node:vm",
    "node:process",
    "npm:mqtt",
    "jsr:@std/path",
    "https://example.com/a.js",
    "ext:core/mod.js",
    "fs",
  ];
  for (const specifier of specifiers) {
    const error = await assertRejects(
      () => linkText(`import ${JSON.stringify(specifier)};`),
      KuiperError,
    );
    assertMatch(error.message, /^Cannot import /);
  }
});
