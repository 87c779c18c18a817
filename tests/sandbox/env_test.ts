import { NAMES } from "./_other_roads.ts";
import { road, SECRET_NAME } from "./_venue.ts";

road("A plugin reads no variable", {
  attempts: {
    get: `Deno.env.get("${SECRET_NAME}")`,
    has: `Deno.env.has("${SECRET_NAME}") || undefined`,
    toObject: `Deno.env.toObject().${SECRET_NAME}`,
    process: `process.env.${SECRET_NAME}`,
    processIn: `("${SECRET_NAME}" in process.env) || undefined`,
    set: `Deno.env.set("${SECRET_NAME}", "x") ?? "set"`,
    delete: `Deno.env.delete("${SECRET_NAME}") ?? "deleted"`,
    // The runtime tells it without a permission.
    unguarded: `Deno.env.get("NO_COLOR")`,
    names: `Object.keys(process.env).join() || undefined`,
    arguments: `Deno.args`,
    environ: `Deno.readTextFileSync("/proc/self/environ")`,
    parent: `Deno.readTextFileSync("/proc/" + Deno.ppid + "/environ")`,
    cmdline: `Deno.readTextFileSync("/proc/self/cmdline")`,
  },
});

road("A grant of some variables is a grant of no other", NAMES);
