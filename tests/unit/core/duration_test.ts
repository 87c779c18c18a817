import { assertEquals, assertThrows } from "@std/assert";
import { formatDuration, KuiperError, parseDuration } from "../../../src/core/mod.ts";

Deno.test("parseDuration() reads milliseconds and units", () => {
  for (
    const [value, ms] of [
      [500, 500],
      ["500", 500],
      ["10s", 10_000],
      ["1m30s", 90_000],
      ["1.5h", 5_400_000],
      [" 250ms ", 250],
      ["2us", 0.002],
      ["0", 0],
    ] as const
  ) assertEquals(parseDuration(value, "interval"), ms);
});

Deno.test("parseDuration() refuses what is no duration, whatever it is", () => {
  for (const value of [-1, NaN, Infinity, "", "s", "10 s", "1s2", "-1s", null, undefined, {}, 1n]) {
    const error = assertThrows(() => parseDuration(value, "interval"), KuiperError, "interval is ");
    assertEquals(error.code, "config");
  }
});

Deno.test("formatDuration() writes for people", () => {
  assertEquals([0, 850, 5000, 1250, 300_000].map(formatDuration), [
    "0 ms",
    "850 ms",
    "5 s",
    "1.3 s",
    "5 min",
  ]);
});
