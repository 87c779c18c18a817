/**
 * The roads to files, the network and variables, with one defence out after the other: a level has a file of its own, as
 * files run beside each other.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { DEFENCES } from "../../src/dev/weaken.ts";
import {
  BOTH_LINKS,
  IMPORTS,
  LEARNS,
  LEAVES,
  LINKS,
  READ_LINKS,
  READS,
  ROUNDABOUT,
  STATIC_FILE,
  STATIC_NODE,
  WRITES,
  WRITTEN_LINKS,
} from "./_file_roads.ts";
import { BESIDE, HOSTS, NAMES, SOME_NAMES } from "./_other_roads.ts";
import { type Level, openWithout, type Road, type Scene, without } from "./_venue.ts";

/** That a plugin runs at all. */
const RUNS: Road = { attempts: { runs: "1 + 1" } };

/** In this order, as some of what is tried last ends the plugin where a defence is out. */
const UNGRANTED = { BESIDE, READS, ROUNDABOUT, LEARNS, WRITES, IMPORTS };

/** With a folder and some variables. */
const GRANTED = {
  LEAVES: {
    ...LEAVES,
    permissions: ({ props }: Scene) =>
      `{ read: ["${props!["granted"]}"], write: ["${props!["granted"]}"], env: ${SOME_NAMES} }`,
  },
  NAMES,
  RUNS,
};

const namesOf = (roads: Readonly<Record<string, Road>>) =>
  Object.entries(roads).flatMap(([road, { attempts }]) =>
    Object.keys(attempts).map((name) => `${road} ${name}`)
  );

/** Links that the runtime follows: all but what is opened to be read. */
const FOLLOWED = namesOf({ LINKS }).filter((name) =>
  !/ (?:open|fetchTwoFaced|takenCall)$/.test(name)
);

/**
 * What one layer alone keeps a plugin from: where a link leads that is in a folder which it may only read, where the
 * operator lets such links be, and where a server redirects an event source to.
 */
const ONE_LAYER: Readonly<Record<string, readonly string[]>> = {
  "permissions of the Worker": ["HOSTS redirectEvents"],
  "calls that look at paths": FOLLOWED,
  // It is what puts them there, all but fetch.
  "list of Deno": FOLLOWED.filter((name) => !name.startsWith("LINKS fetch")),
  "pinned internals": ["LINKS takenCall"],
};

/** What is open in a copy of the executable. */
async function openRoads(executable: string, level: Level): Promise<string[]> {
  return [
    ...await openWithout(executable, UNGRANTED, level),
    ...await openWithout(executable, GRANTED, level),
    ...await openWithout(executable, { HOSTS }, level),
    ...await openWithout(executable, { LINKS }, level),
    ...await openWithout(executable, { READ_LINKS }, level),
    ...await openWithout(executable, { WRITTEN_LINKS }, level),
    ...await openWithout(executable, { BOTH_LINKS }, level),
    ...await openWithout(executable, { STATIC_FILE }, level),
    ...await openWithout(executable, { STATIC_NODE }, level),
  ];
}

/** Register the tests of a level: one for each defence. */
export function layers(level: Level): void {
  for (const defence of DEFENCES) {
    without(
      [defence],
      `No road leads out of a ${level} without the ${defence} alone`,
      async (executable) => {
        const names = (await openRoads(executable, level)).map((open) => open.split(": ")[0]);
        assertEquals(names, ["RUNS runs", ...ONE_LAYER[defence] ?? []]);
      },
    );
  }
}
