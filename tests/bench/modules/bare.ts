/** The limit of the row of modules: milliseconds to read and transform them, one after the other. Argument: their folder. */
import { join } from "@std/path";
import { transformSync } from "amaro";
import { moduleName, MODULES } from "./graph.ts";

const [folder = ""] = Deno.args;
const started = performance.now();
let bytes = 0;
for (let i = 0; i < MODULES; i++) {
  const text = await Deno.readTextFile(join(folder, moduleName(i)));
  bytes += transformSync(text, { mode: "strip-only" }).code.length;
}
if (bytes === 0) throw new Error("Nothing was transformed");
console.log(JSON.stringify(performance.now() - started));
