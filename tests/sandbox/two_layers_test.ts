import { assertEquals } from "@std/assert";
import { BESIDE, HOSTS } from "./_other_roads.ts";
import { type Level, openWithout, without } from "./_venue.ts";

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
    assertEquals(open, [...taken, "HOSTS redirectEvents"]);
  },
);
