import { assertMatch, assertRejects } from "@std/assert";
import { KuiperError } from "../../src/core/mod.ts";
import { linkText } from "../unit/loader/_plugin.ts";
import { road } from "./_venue.ts";

const value = (specifier: string, options = "") =>
  `import(${specifier}${options}).then((module) => JSON.stringify(module.default ?? Object.keys(module)))`;

road("A plugin imports no file at run time", {
  attempts: {
    computed: value(`"file://" + props.path`),
    withType: value(`"file://" + props.path`, `, { with: { type: "json" } }`),
    text: value(`"file://" + props.path`, `, { with: { type: "text" } }`),
    bytes: value(`"file://" + props.path`, `, { with: { type: "bytes" } }`),
    script: value(`"file://" + props.script`),
    path: value("props.script"),
    spaced: `import /* a comment */ ("file://" + props.script).then((module) => module.default)`,
    newline: `import\n("file://" + props.script).then((module) => module.default)`,
    template: "import(`file://${props.script}`).then((module) => module.default)",
    url: `import(new URL("file://" + props.script)).then((module) => module.default)`,
    object: `import({ toString: () => "file://" + props.script }).then((module) => module.default)`,
    nested:
      `import("file://" + (await Promise.resolve(props.script))).then((module) => module.default)`,
    inArrow: `((specifier) => import(specifier))("file://" + props.script).then((m) => m.default)`,
    inTemplate: "`${await import('file://' + props.script).then((m) => m.default)}`",
    optional: `import("file://" + props.script)?.then?.((m) => m.default)`,
    data: value(`"data:text/javascript," + "export default 1"`),
    dataToFile: value(
      `"data:text/javascript,export { default } from 'file://" + props.script + "'"`,
    ),
    blob: value(`URL.createObjectURL(new Blob(["export default 1"], { type: "text/javascript" }))`),
    https: value(`"https://127.0.0.1:9/" + "a.js"`),
    http: value(`"http://127.0.0.1:9/" + "a.js"`),
    node: value(`"node:" + "fs"`),
    bareNode: value(`"f" + "s"`),
    npm: value(`"npm:" + "amaro"`),
    bare: value(`"am" + "aro"`),
    jsr: value(`"jsr:" + "@std/path"`),
    own: value(`/file:.*?boot\\.[jt]s/.exec(new Error("x").stack)[0]`),
    ext: value(`"ext:" + "core/mod.js"`),
    meta: `typeof import.meta.resolve === "function" ? import.meta.resolve("node:fs") : undefined`,
    metaPath: `import.meta.filename ?? import.meta.dirname`,
  },
  // What the module is called inside of its one text tells nothing of the machine.
  harmless: (name, got) => name === "metaPath" && !got.includes("/tmp"),
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
    "node:net",
    "node:http",
    "node:dns",
    "node:inspector",
    "node:v8",
    "node:sqlite",
    "node:wasi",
    "npm:mqtt",
    "jsr:@std/path",
    "https://example.com/a.js",
    "http://example.com/a.js",
    "ext:core/mod.js",
    "fs",
    "FILE:///etc/hostname",
    "\\u0066ile:///etc/hostname",
    " file:///etc/hostname",
    "file:\\t///etc/hostname",
  ];
  const forms = [
    (specifier: string) => `import ${specifier};`,
    (specifier: string) => `import * as a from ${specifier};`,
    (specifier: string) => `import a from ${specifier} with { type: "json" };`,
    (specifier: string) => `export * from ${specifier};`,
    (specifier: string) => `export { a } from ${specifier};`,
    (specifier: string) => `/**/import/**/ a /**/ from/**/${specifier}`,
    (specifier: string) => `import defer * as a from ${specifier};`,
    (specifier: string) => `import source a from ${specifier};`,
  ];
  for (const specifier of specifiers) {
    for (const form of forms) {
      const code = form(`"${specifier}"`);
      const error = await assertRejects(() => linkText(code, "Mine.js"), KuiperError);
      assertMatch(error.message, /^Cannot (?:import|load) |is not supported in a plugin/);
    }
  }
});
