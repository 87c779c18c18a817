import { assertEquals } from "@std/assert";
import { sayLosses } from "../../../src/core/say_losses.ts";
import { type Logger, silentLogger } from "../../../src/core/mod.ts";

Deno.test("sayLosses() says the first at once, and what follows once a minute", () => {
  const lines: string[] = [];
  const log: Logger = { ...silentLogger, warn: (line) => void lines.push(line) };
  let time = 0;
  const lost = sayLosses(log, { now: () => time, what: "tuples", why: "2 may wait" });
  lost(1);
  for (let i = 0; i < 500; i++) lost(2);
  time = 59_999;
  lost(1);
  assertEquals(lines, ["dropped 1 tuple: 2 may wait"]);
  time = 60_000;
  lost(1);
  lost(1);
  assertEquals(lines.slice(1), ["dropped 1002 tuples: 2 may wait"]);
});
