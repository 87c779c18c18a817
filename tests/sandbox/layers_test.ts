import { assertEquals } from "@std/assert";
import { DEFENCES } from "../../src/dev/weaken.ts";
import {
  BOTH_LINKS,
  IMPORTS,
  LEARNS,
  LEAVES,
  LINKS,
  READS,
  ROUNDABOUT,
  STATIC_FILE,
  STATIC_NODE,
  WRITES,
  WRITTEN_LINKS,
} from "./_file_roads.ts";
import { BESIDE, HOSTS, NAMES, SOME_NAMES } from "./_other_roads.ts";
import { type Level, LEVELS, openWithout, type Road, type Scene, without } from "./_venue.ts";

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
 * What one layer alone keeps a plugin from: where a link leads that was in a granted folder before, where a server redirects
 * an event source to, and the machine's own servers of names.
 */
const ONE_LAYER: Readonly<Record<string, readonly string[]>> = {
  "permissions of the Worker": ["HOSTS redirectEvents", "HOSTS dns"],
  "calls that look at paths": FOLLOWED,
  // It is what puts them there, all but fetch.
  "list of Deno": FOLLOWED.filter((name) => name !== "LINKS fetch"),
  "pinned internals": ["LINKS takenCall"],
  "look for links that lead out": namesOf({ WRITTEN_LINKS }),
};

/** What is open in a copy of the executable. */
async function openRoads(executable: string, level: Level): Promise<string[]> {
  return [
    ...await openWithout(executable, UNGRANTED, level),
    ...await openWithout(executable, GRANTED, level),
    ...await openWithout(executable, { HOSTS }, level),
    ...await openWithout(executable, { LINKS }, level),
    ...await openWithout(executable, { WRITTEN_LINKS }, level),
    ...await openWithout(executable, { BOTH_LINKS }, level),
    ...await openWithout(executable, { STATIC_FILE }, level),
    ...await openWithout(executable, { STATIC_NODE }, level),
  ];
}

without(
  ["permissions of the Worker", "calls that look at hosts", "calls that look at names"],
  "A process has given up what its plugin was not granted, whatever its Worker may do",
  async (executable) => {
    const open = async (level: Level) =>
      (await openWithout(executable, { BESIDE }, level)).map((text) => text.split(": ")[0]);
    assertEquals(await open("process"), []);
    // Else the attempts would prove nothing.
    const names = Object.keys(BESIDE.attempts).map((name) => `BESIDE ${name}`);
    assertEquals(await open("worker"), names);
  },
);

without(
  ["permissions of the Worker", "pinned internals"],
  "A look at a host is worth something only while what the runtime itself looks up is pinned",
  async (executable) => {
    const open = (await openWithout(executable, { HOSTS }, "worker"))
      .map((text) => text.split(": ")[0]);
    const taken = ["HOSTS takenCall", "HOSTS takenAddressOfEvents"];
    assertEquals(open, [...taken, "HOSTS redirectEvents", "HOSTS dns"]);
  },
);

for (const defence of DEFENCES) {
  without(
    [defence],
    `No road leads to files, the network or variables without the ${defence} alone`,
    async (executable) => {
      for (const level of LEVELS) {
        const names = (await openRoads(executable, level)).map((open) => open.split(": ")[0]);
        assertEquals(names, ["RUNS runs", ...ONE_LAYER[defence] ?? []], level);
      }
    },
  );
}
