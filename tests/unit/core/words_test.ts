import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  asKuiperError,
  createLogger,
  ERRORS,
  fail,
  formatDuration,
  KuiperError,
  messageOf,
  nearest,
  oneOf,
  parseDuration,
  sampled,
  systemClock,
} from "../../../src/core/mod.ts";

// -- Durations --

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

// -- Suggestions --

Deno.test("nearest() finds names with a slip in them, the best first", () => {
  assertEquals(nearest("fromat", ["FORMAT", "topic", "formats"]), ["FORMAT", "formats"]);
  assertEquals(nearest("xyz", ["FORMAT"]), []);
  assertEquals(oneOf(["a"]), '"a"');
  assertEquals(oneOf(["a", "b", "c"]), '"a", "b" or "c"');
  fc.assert(fc.property(fc.string({ minLength: 1 }), (name) => {
    assertEquals(nearest(name, [name])[0], name);
  }));
});

// -- Errors --

Deno.test("fail() makes an error of its code, and asKuiperError() leaves it alone", () => {
  const cause = new Error("deep");
  const error = fail("io", "Cannot write x", cause);
  assertEquals([error.code, error.domain, error.cause], ["io", "external", cause]);
  assert(asKuiperError(error) === error);
  assertEquals(asKuiperError("text").code, "internal");
  assertEquals(asKuiperError("text").message, "text");
  assertEquals(messageOf(new TypeError("")), "TypeError");
  assert(Object.values(ERRORS).every(({ exit }) => exit === 1 || exit === 2));
});

// -- The log --

Deno.test("createLogger() writes from its level on, with its names", () => {
  const lines: string[] = [];
  const log = createLogger((line, level) => lines.push(`${level} ${line}`), { level: "warn" });
  log.info("no");
  log.warn("yes");
  log.child("stream").child("demo").error("too");
  assertEquals(lines, ["warn yes", "error stream demo: too"]);
});

const CONTROLS_AND_LETTERS = fc.oneof(
  fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
  fc.constantFrom("\n", "\r\n", "\x1b[2J", "\u202e", "\u2066", "\u2069"),
);

Deno.test("createLogger() lets no text forge a line or move the cursor", () => {
  fc.assert(fc.property(fc.string({ unit: CONTROLS_AND_LETTERS }), (text) => {
    createLogger((line) => {
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.test(line));
      assert(line.split("\n").slice(1).every((more) => more.startsWith("    ")));
    }, { level: "debug" }).info(text);
  }));
});

Deno.test("sampled() passes a burst of each window and counts the rest", () => {
  let now = 0;
  const gate = sampled(() => now, { burst: 2, windowMs: 10 });
  const said: number[] = [];
  const say = (suppressed: number) => said.push(suppressed);
  for (now = 0; now < 10; now++) gate(say);
  gate(say);
  gate(say);
  assertEquals(said, [0, 0, 8, 0]);
});

// -- Time --

Deno.test("systemClock.sleep() ends early with the reason of its signal", async () => {
  const abort = new AbortController();
  const sleeping = systemClock.sleep(1_000_000, abort.signal);
  abort.abort(new Error("enough"));
  await assertRejects(() => sleeping, Error, "enough");
  await assertRejects(() => systemClock.sleep(0, abort.signal), Error, "enough");
  await systemClock.sleep(0, new AbortController().signal);
});
