/**
 * `deno task bench`: the figures of the design, each against a limit that is measured in the same run.
 *
 * - `--row=A,B` only these rows
 * - `--json` one JSON object a line on stdout, and no table
 * - `--denort=PATH`, `--unofficial-runtime` the runtime of the programs that rows D and E compile, as for `deno task compile`
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import type { RuntimeOptions } from "./binary.ts";
import type { Row } from "./measure.ts";
import { measureMqtt } from "./mqtt/row.ts";
import { measureBinaryInstances } from "./memory/in_binary.ts";
import { measureProcessMemory } from "./memory/process.ts";
import { measureInstances } from "./memory/row.ts";
import { measureModules } from "./modules/row.ts";
import { measureProcess } from "./process.ts";
import { measureFlow, measureMqttRule, measureRules } from "./rules/row.ts";
import { measureServer } from "./server/row.ts";
import { measureStart } from "./start/row.ts";
import { measureUrlStart } from "./start/url.ts";
import { measureWorker } from "./worker/row.ts";
import { table } from "./print.ts";

const args = parseArgs(Deno.args, {
  string: ["row", "denort"],
  boolean: ["json", "unofficial-runtime"],
});

const RUNTIME: RuntimeOptions = {
  denort: args["denort"] as string | undefined,
  unofficial: args["unofficial-runtime"] === true,
};

const ROWS: Readonly<Record<string, () => Promise<Row[]>>> = {
  A: measureMqtt,
  B: measureWorker,
  C: measureProcess,
  D: () => measureStart(RUNTIME),
  E: async () => [
    ...await measureInstances(),
    ...await measureBinaryInstances(RUNTIME),
    ...await measureProcessMemory(RUNTIME),
  ],
  F: measureFlow,
  G: () => measureServer(RUNTIME),
  H: measureRules,
  M: measureModules,
  R: measureMqttRule,
  U: measureUrlStart,
};

const asked = (args["row"] as string | undefined)?.toUpperCase().split(",") ?? Object.keys(ROWS);
const rows: Row[] = [];
for (const letter of asked) {
  const measure = ROWS[letter];
  if (measure === undefined) {
    console.error(`There is no row "${letter}", expected ${Object.keys(ROWS).join(", ")}`);
    Deno.exit(2);
  }
  console.error(`measuring row ${letter} ...`);
  const measured = await measure();
  if (args["json"] === true) { for (const row of measured) console.log(JSON.stringify(row)); }
  rows.push(...measured);
}
if (args["json"] !== true) console.log(table(rows));
