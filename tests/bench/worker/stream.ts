/**
 * Row B: a plugin that yields as fast as it can, through the loader, a Worker and a stream. Arguments: number of rows,
 * "arrays" (the rows of a batch at once) or "single" (one by one).
 */
import { openApp } from "../app.ts";
import { MAKE_ROWS, RateMeter } from "./batch.ts";

const [total, way] = Deno.args;
const meter = new RateMeter(Number(total));
const step = way === "arrays" ? "yield items" : "yield* items";
const plugin = `${MAKE_ROWS}
export class Fast {
  configure() {}
  async *open(ctx) {
    const items = makeRows().map((message) => ({ message }));
    while (!ctx.signal.aborted) ${step};
  }
}
`;
await using bench = await openApp({
  "plugins/sources/Fast.js": plugin,
  "etc/sources/fast.yaml": "default: {}\n",
});
await using run = await bench.run('() WITH (DATASOURCE="x", TYPE="fast", FORMAT="json")');
for await (const batch of run) {
  const rate = meter.add(batch.tuples.length);
  if (rate === undefined) continue;
  console.log(JSON.stringify(rate));
  break;
}
