import { assertMatch, assertRejects } from "@std/assert";
import { KuiperError } from "../../src/core/mod.ts";
import { linkText } from "../unit/loader/_plugin.ts";
import { IMPORTS, STATIC_FILE, STATIC_NODE } from "./_file_roads.ts";
import { road } from "./_venue.ts";

road("A plugin imports no file at run time", IMPORTS);

road("A plugin that imports a file from outside of its folder is not run", STATIC_FILE);

road("A plugin that imports the runtime's module for files is not run", STATIC_NODE);

/** What the linker gives a module, by a spelling that only the language takes for that name. */
const KIT = String.raw`\u0024k`;

road("What the linker gives a module leads to nothing that was not linked", {
  attempts: {
    names: {
      code: `Object.keys(${KIT}).join()`,
      hit: (got) => got === undefined || !/^!|^u,x,d,i,g,t,m$/.test(got),
    },
    node: `${KIT}.i("node:fs").then((module) => Object.keys(module).length)`,
    file: `${KIT}.i("file://" + props.script).then((module) => module.default)`,
    object: `${KIT}.i({ toString: () => "map" })`,
    prototype: `${KIT}.i("__proto__")`,
  },
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
