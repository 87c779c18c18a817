import { assert, assertEquals } from "@std/assert";
import { DEFAULT_PERMISSIONS, ownPaths, permissionFlags } from "../../../src/dev/mod.ts";

Deno.test("permissionFlags() grants everything, a list or nothing, and never asks", () => {
  assertEquals(permissionFlags({ net: "a:1,b", read: true, write: "", env: "", run: "" }), [
    "--no-prompt",
    "--allow-net=a:1,b",
    "--allow-read",
  ]);
});

Deno.test("DEFAULT_PERMISSIONS are what the tasks kuiper and demo run with", async () => {
  const text = await Deno.readTextFile(new URL("../../../deno.json", import.meta.url));
  const { tasks } = JSON.parse(text) as { tasks: Record<string, string> };
  const flags = permissionFlags({ ...DEFAULT_PERMISSIONS, run: "" }).join(" ");
  for (const task of ["kuiper", "demo"]) assert(tasks[task]?.includes(` ${flags} `), tasks[task]);
  // There the program itself is Deno's executable, wherever that is.
  assert(tasks["kuiper"]?.includes(" --allow-run=$(deno eval "), tasks["kuiper"]);
});

Deno.test("ownPaths() lets the binary start itself, unless that was taken away", () => {
  const withRun = (run: true | string) => ownPaths({ ...DEFAULT_PERMISSIONS, run }, ["/a", "/b"]);
  assertEquals(withRun("kuiper").run, "kuiper,/a,/b");
  assertEquals(withRun("/a").run, "/a,/b");
  assertEquals(withRun("").run, "");
  assertEquals(withRun(true).run, true);
});
