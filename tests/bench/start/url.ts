import { join } from "@std/path";
import { ISOLATE_COMMAND } from "../../../src/loader/mod.ts";
import { runAll, withBinary } from "../binary.ts";
import { type Bound, judge, median, type Row } from "../measure.ts";
import { FAST_PLUGIN, firstTupleMs } from "./row.ts";

const ROUNDS = 25;
/** As fast, with the noise of a run: two series of one and the same differ by 2 to 3 %. */
const BOUND: Bound = { atMost: 1.05 };
const SUBJECT = { row: "U", what: "start to the first tuple of a cached URL plugin", unit: "ms" };

/** Row U: what the start of a plugin by URL takes whose code is in the cache, against a file in a process. */
export async function measureUrlStart(): Promise<Row[]> {
  return await withBinary({ subject: SUBJECT, bound: BOUND }, async ({ binary, folder: base }) => {
    await prepare(binary, base);
    const run = (type: string) =>
      firstTupleMs(binary, ["run", "--type", type, "--limit", "1", "--format", "ndjson"], base);
    // The first ones fill the caches.
    for (const type of ["near", "held", "far"]) await run(type);
    const near: number[] = [];
    const held: number[] = [];
    const far: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      near.push(await run("near") + await processMs(binary));
      held.push(await run("held"));
      far.push(await run("far"));
    }
    const alone = median(near).toFixed(0);
    const note =
      "base: the same code as a file, in a process too; as a file in a Worker, and the " +
      `start of a process that does nothing, ${alone} ms`;
    return judge({ ...SUBJECT, note }, BOUND, { base: held, measured: far });
  });
}

/** Milliseconds that the process of a plugin takes that is given nothing to do, from its start to its end. */
async function processMs(binary: string): Promise<number> {
  const started = performance.now();
  const process = new Deno.Command(binary, {
    args: [ISOLATE_COMMAND],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  await process.status;
  return performance.now() - started;
}

/** The same code as a file, as one in a process, and by URL; whoever serves it has gone afterwards. */
async function prepare(binary: string, base: string): Promise<void> {
  const sources = join(base, "plugins", "sources");
  await Deno.mkdir(sources, { recursive: true });
  await Deno.mkdir(join(base, "etc"));
  for (const name of ["Near", "Held"]) {
    await Deno.writeTextFile(join(sources, `${name}.ts`), named(name));
  }
  const plugins = "plugins:\n  held:\n    isolation: process\n";
  await Deno.writeTextFile(join(base, "etc", "plugins.yaml"), plugins);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response(named("Far"), {
        headers: { "content-type": "application/typescript" },
      }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/Far.ts`;
  await runAll(binary, base, [["plugin", "add", "far", url, "--yes"]]);
}

function named(name: string): string {
  return FAST_PLUGIN.replace("Fast", name);
}
