import { assertEquals } from "@std/assert";
import { DEFENCES, weaken } from "../../src/dev/weaken.ts";
import { IMPORTS, LEARNS, LEAVES, READS, ROUNDABOUT, WRITES } from "./_file_roads.ts";
import { type Level, LEVELS, openWithout, type Road } from "./_venue.ts";

const binary = Deno.env.get("KUIPER_BINARY");

/** That a plugin runs at all. */
const RUNS: Road = { attempts: { runs: "1 + 1" } };

const UNGRANTED = { READS, ROUNDABOUT, LEARNS, WRITES, IMPORTS };

/**
 * What the permissions of the Worker alone keep a plugin of level "worker" from: where a folder was granted nothing else
 * looks at paths. In a process it is the same, as the process keeps what its Workers need.
 */
const ONE_LAYER: Readonly<Record<string, readonly string[]>> = {
  "permissions of the Worker": ["LEAVES parent", "LEAVES encoded", "LEAVES copy"],
};

/** What is open in a copy of the executable. */
async function openFiles(executable: string, level: Level): Promise<string[]> {
  return [
    ...await openWithout(executable, { RUNS }, level),
    ...await openWithout(executable, UNGRANTED, level),
    ...await openWithout(executable, { LEAVES }, level),
  ];
}

for (const defence of DEFENCES) {
  Deno.test({
    name: `No road leads to the file system without the ${defence} alone` +
      (binary === undefined ? " (skipped: KUIPER_BINARY is not set)" : ""),
    ignore: binary === undefined,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "kuiper_layers_" });
      try {
        const executable = `${folder}/kuiper`;
        await weaken(binary!, executable, [defence]);
        for (const level of LEVELS) {
          const names = (await openFiles(executable, level)).map((open) => open.split(": ")[0]);
          assertEquals(names, ["RUNS runs", ...ONE_LAYER[defence] ?? []], level);
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
