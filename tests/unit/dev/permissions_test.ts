import { assert, assertEquals } from "@std/assert";
import { DEFAULT_PERMISSIONS, permissionFlags } from "../../../src/dev/mod.ts";

Deno.test("permissionFlags() grants everything, a list or nothing, and never asks", () => {
  assertEquals(permissionFlags({ net: "a:1,b", read: true, write: "", env: "" }), [
    "--no-prompt",
    "--allow-net=a:1,b",
    "--allow-read",
  ]);
});

Deno.test("DEFAULT_PERMISSIONS are what the tasks kuiper and demo run with", async () => {
  const text = await Deno.readTextFile(new URL("../../../deno.json", import.meta.url));
  const { tasks } = JSON.parse(text) as { tasks: Record<string, string> };
  const flags = permissionFlags(DEFAULT_PERMISSIONS).join(" ");
  for (const task of ["kuiper", "demo"]) assert(tasks[task]?.includes(` ${flags} `), tasks[task]);
});
