import { runChild } from "../child.ts";
import { judge, type Row } from "../measure.ts";
import { MODULES, writeModules } from "./graph.ts";

const ROUNDS = 5;

/** How long a plugin of many modules takes to load, against reading and transforming its files. */
export async function measureModules(): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "kuiper_bench_" });
  try {
    await writeModules(folder);
    const bare: number[] = [];
    const load: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(await runChild<number>("modules/bare.ts", [folder]));
      load.push(await runChild<number>("modules/load.ts", [folder]));
    }
    const note = "from the entry file to ready in its Worker, nothing cached; base: reading and " +
      "transforming the files, nothing else";
    return [
      judge({ row: "M", what: `a plugin of ${MODULES} modules of 2 KB`, unit: "ms", note }, {
        atMost: 3,
      }, { base: bare, measured: load }),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
