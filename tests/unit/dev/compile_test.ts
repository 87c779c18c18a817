import { assert, assertEquals, assertThrows } from "@std/assert";
import { isAbsolute } from "@std/path";
import { BUILD_INFO_PATH as READ_AT } from "../../../src/cli/build_info.ts";
import { KuiperError } from "../../../src/core/mod.ts";
import { BUILD_INFO_PATH, readOptions } from "../../../src/dev/compile.ts";
import { DEFAULT_PERMISSIONS } from "../../../src/dev/mod.ts";

Deno.test("readOptions() without arguments makes dist/kuiper with the default permissions", () => {
  const options = readOptions([], undefined);
  assert(options !== undefined && isAbsolute(options.out));
  assert(/[/\\]dist[/\\]kuiper$/.test(options.out), options.out);
  assertEquals(options.permissions, { ...DEFAULT_PERMISSIONS, run: `kuiper,${options.out}` });
  assertEquals([options.denort, options.unofficial, options.install], [
    undefined,
    false,
    undefined,
  ]);
});

Deno.test("readOptions() replaces permissions one by one, also by nothing", () => {
  const options = readOptions(["--write=/var/lib/kuiper,/tmp", "--net=", "--run="], undefined);
  assertEquals(options?.permissions, {
    ...DEFAULT_PERMISSIONS,
    write: "/var/lib/kuiper,/tmp",
    net: "",
    run: "",
  });
  const installed = readOptions(["--out=/o/kuiper", "--install=/i/kuiper"], undefined);
  assertEquals(installed?.permissions.run, "kuiper,/o/kuiper,/i/kuiper");
});

Deno.test("readOptions() takes a runtime from the option before the environment", () => {
  assertEquals(readOptions([], "/env/denort")?.denort, "/env/denort");
  assertEquals(readOptions(["--denort=/my/denort"], "/env/denort")?.denort, "/my/denort");
});

Deno.test("readOptions() refuses what it does not understand, with a cure", () => {
  const refuse = (args: string[], sentence: string, denort?: string) =>
    assertThrows(() => readOptions(args, denort), KuiperError, sentence);
  refuse(["--instal=/x"], 'Unknown argument "--instal=/x" of compile: did you mean "--install"');
  refuse(["somewhere"], 'Unknown argument "somewhere"');
  refuse(["--install=bin/kuiper"], '--install is "bin/kuiper": give an absolute path');
  refuse(["--unofficial-runtime"], "exclude each other", "/env/denort");
});

Deno.test("BUILD_INFO_PATH is where the binary reads", () => {
  assertEquals(BUILD_INFO_PATH, READ_AT);
});
