import { assertEquals } from "@std/assert";
import { CPU_WINDOW_MS, CpuWatch } from "../../../src/loader/process_cpu.ts";

/** The seconds at which a watch says that a program uses too much. */
function beyond(limit: number, usedInSecond: (second: number) => number): number[] {
  const watch = new CpuWatch(limit);
  const seconds: number[] = [];
  let cpuMs = 0;
  for (let second = 0; second <= 60; second++) {
    if (watch.exceeded(second * 1000, cpuMs) !== undefined) seconds.push(second);
    cpuMs += usedInSecond(second) * 1000;
  }
  return seconds;
}

Deno.test("CpuWatch.exceeded() says nothing of a short peak", () => {
  assertEquals(beyond(0.5, () => 0.4), []);
  assertEquals(beyond(0.5, (second) => second % 10 < 4 ? 1 : 0), []);
});

Deno.test("CpuWatch.exceeded() tells when a whole window is beyond the limit", () => {
  const window = CPU_WINDOW_MS / 1000;
  assertEquals(beyond(0.5, () => 1)[0], window);
  assertEquals(beyond(0.5, (second) => second < 20 ? 0 : 1)[0], 20 + window / 2 + 1);
  assertEquals(beyond(1.5, () => 2).length, 61 - window);
});

Deno.test("CpuWatch.exceeded() gives the share", () => {
  const watch = new CpuWatch(0.1);
  watch.exceeded(5, 3);
  assertEquals(watch.exceeded(5 + CPU_WINDOW_MS, 3 + CPU_WINDOW_MS / 4), 0.25);
});
