import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Backoff } from "../../../src/flow/mod.ts";

Deno.test("Backoff.next() doubles up to the most, and begins again after reset", () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 1000, jitter: 0 });
  assertEquals(Array.from({ length: 6 }, () => backoff.next()), [100, 200, 400, 800, 1000, 1000]);
  assertEquals(backoff.attempts, 6);
  backoff.reset();
  assertEquals([backoff.next(), backoff.attempts], [100, 1]);
});

Deno.test("Backoff.next() varies by the jitter to both sides", () => {
  const at = (chance: number) => new Backoff({ firstMs: 100, random: () => chance }).next();
  assertEquals([at(0), at(0.5), at(0.75)], [90, 100, 105]);
});

Deno.test("Backoff.next() stays within its bounds, however often it is called", () => {
  fc.assert(fc.property(
    fc.record({
      firstMs: fc.integer({ min: 0, max: 5000 }),
      multiplier: fc.double({ min: 1, max: 10, noNaN: true }),
      maxMs: fc.integer({ min: 0, max: 100_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }).map((chance) => () => chance),
    }),
    (options) => {
      const backoff = new Backoff(options);
      for (let i = 0; i < 1100; i++) {
        const ms = backoff.next();
        assert(ms >= 0 && ms <= options.maxMs, `${ms} at ${i}`);
      }
    },
  ));
});
