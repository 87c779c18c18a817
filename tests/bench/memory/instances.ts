/** Row E: megabytes that one more stream over a plugin takes. Argument: how many more. */
import { openApp } from "../app.ts";
import { rssMb } from "./rss.ts";

const PLUGIN = `export class Calm {
  configure(): void {}
  async *open(ctx: { signal: AbortSignal }): AsyncGenerator<{ message: { n: number } }> {
    yield { message: { n: 1 } };
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  }
}
`;

const more = Number(Deno.args[0]);
await using bench = await openApp({
  "plugins/sources/Calm.ts": PLUGIN,
  "etc/sources/calm.yaml": "default: {}\n",
});
await using running = new AsyncDisposableStack();
await start(0);
const before = rssMb();
for (let i = 1; i <= more; i++) await start(i);
console.log(JSON.stringify((rssMb() - before) / more));

/** A stream that has given its first tuple. */
async function start(index: number): Promise<void> {
  const definition = '() WITH (DATASOURCE="x", TYPE="calm", FORMAT="json")';
  const run = running.use(await bench.run(definition, `calm${index}`));
  await run[Symbol.asyncIterator]().next();
}
