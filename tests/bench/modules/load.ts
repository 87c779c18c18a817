/** Milliseconds from the entry file to a plugin that is ready in its Worker, nothing cached. Argument: its folder. */
import { join } from "@std/path";
import { silentLogger } from "../../../src/core/mod.ts";
import { loadLinked, startIsolate } from "../../../src/loader/mod.ts";
import { moduleName, MODULES } from "./graph.ts";

const [folder = ""] = Deno.args;
const display = moduleName(0);
// What a program loads once is no part of it, as in the limit.
await import("amaro");
const started = performance.now();
await using isolate = startIsolate({ type: "many", permissions: {}, log: silentLogger });
const linked = await loadLinked({ entry: join(folder, display), display, log: silentLogger });
await isolate.load(linked);
const ms = performance.now() - started;
if (linked.modules.length !== MODULES) throw new Error(`${linked.modules.length} modules`);
console.log(JSON.stringify(ms));
