import { assertEquals } from "@std/assert";
import { DEFENCES, weaken } from "../../src/dev/weaken.ts";
import {
  IMPORTS,
  LEARNS,
  LEAVES,
  READS,
  ROUNDABOUT,
  STATIC_FILE,
  STATIC_NODE,
  WRITES,
} from "./_file_roads.ts";
import { type Level, LEVELS, openWithout, type Road, SECRET_NAME } from "./_venue.ts";

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
    ...await openWithout(executable, UNGRANTED, level),
    ...await openWithout(executable, { LEAVES, RUNS }, level),
    ...await openWithout(executable, { STATIC_FILE }, level),
    ...await openWithout(executable, { STATIC_NODE }, level),
  ];
}

/** Beside the file system: what only the permissions of the Worker guard at level "worker". */
const BESIDE: Road = {
  attempts: {
    variable: `Deno.env.get("${SECRET_NAME}")`,
    listen: `Deno.listen({ hostname: "127.0.0.1", port: 0 }).close() ?? "listened"`,
  },
};

/** Register a test in a copy of the executable that lacks one defence. */
function without(defence: string, name: string, fn: (executable: string) => Promise<void>): void {
  Deno.test({
    name: binary === undefined ? `${name} (skipped: KUIPER_BINARY is not set)` : name,
    ignore: binary === undefined,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "kuiper_layers_" });
      try {
        const executable = `${folder}/kuiper`;
        await weaken(binary!, executable, [defence]);
        await fn(executable);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

without(
  "permissions of the Worker",
  "A process has given up what its plugin was not granted, whatever its Worker may do",
  async (executable) => {
    const open = async (level: Level) =>
      (await openWithout(executable, { BESIDE }, level)).map((text) => text.split(": ")[0]);
    assertEquals(await open("process"), []);
    // Else the attempts would prove nothing.
    assertEquals(await open("worker"), ["BESIDE variable", "BESIDE listen"]);
  },
);

for (const defence of DEFENCES) {
  without(
    defence,
    `No road leads to the file system without the ${defence} alone`,
    async (executable) => {
      for (const level of LEVELS) {
        const names = (await openFiles(executable, level)).map((open) => open.split(": ")[0]);
        assertEquals(names, [...ONE_LAYER[defence] ?? [], "RUNS runs"], level);
      }
    },
  );
}
