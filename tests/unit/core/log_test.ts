import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createLogger, sampled } from "../../../src/core/mod.ts";

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
