import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  filterMatches,
  filtersOverlap,
  topicLevels,
} from "../../../src/connection/topic_filter.ts";

function matches(filter: string, topic: string): boolean {
  return filterMatches(topicLevels(filter), topicLevels(topic));
}

function overlap(one: string, other: string): boolean {
  return filtersOverlap(topicLevels(one), topicLevels(other));
}

// -- Match --

Deno.test("filterMatches() takes + for one level and # for the rest and its parent", () => {
  const cases: [string, string, boolean][] = [
    ["a/b", "a/b", true],
    ["a/b", "a/b/c", false],
    ["a/b", "a", false],
    ["a/+", "a/b", true],
    ["a/+", "a/", true],
    ["a/+", "a", false],
    ["+", "a", true],
    ["+", "/a", false],
    ["+/+", "/a", true],
    ["a/#", "a", true],
    ["a/#", "a/b/c", true],
    ["a/#", "ab", false],
    ["#", "a/b", true],
    ["#", "$SYS/a", false],
    ["+/a", "$SYS/a", false],
    ["$SYS/#", "$SYS/a", true],
    ["$SYS/+", "$SYS/a", true],
    ["a/#", "a/$x", true],
  ];
  assertEquals(cases.filter(([filter, topic, is]) => matches(filter, topic) !== is), []);
});

// -- Overlap --

Deno.test("filtersOverlap() finds a topic in common", () => {
  const cases: [string, string, boolean][] = [
    ["a", "a", true],
    ["a", "b", false],
    ["a/#", "a", true],
    ["a/#", "a/b", true],
    ["a/+", "+/b", true],
    ["a/+", "a/b/c", false],
    ["a/+/c", "a/#", true],
    ["a/+/c", "+/b/d", false],
    ["#", "$SYS/#", false],
    ["+/a", "$SYS/a", false],
    ["$SYS/+", "$SYS/#", true],
    ["#", "+/#", true],
  ];
  assertEquals(cases.filter(([one, other, is]) => overlap(one, other) !== is), []);
  assertEquals(cases.filter(([one, other, is]) => overlap(other, one) !== is), []);
});

/** Another way to say what a filter matches. */
function patternOf(filter: string): RegExp {
  const own = /^[+#]/.test(filter) ? "(?!\\$)" : "";
  const source = filter === "#" ? ".*" : filter
    .replaceAll("$", "\\$")
    .replace(/\/#$/, "(/.*)?")
    .replaceAll("+", "[^/]*");
  return new RegExp(`^${own}${source}$`);
}

/** Every topic of up to four levels of a small alphabet; also the empty one, which nobody can publish to. */
const TOPICS: string[] = (() => {
  const levels = ["a", "b", "", "$x"];
  let last = levels;
  const all = [...last];
  for (let length = 2; length <= 4; length++) {
    last = last.flatMap((topic) => levels.map((level) => `${topic}/${level}`));
    all.push(...last);
  }
  return all;
})();

const filters = fc.tuple(
  fc.array(fc.constantFrom("a", "b", "", "$x", "+"), { minLength: 0, maxLength: 3 }),
  fc.boolean(),
).map(([levels, rest]) => [...levels, ...(rest ? ["#"] : [])].join("/"))
  .filter((filter) => filter !== "");

Deno.test("filterMatches() and filtersOverlap() agree with trying every topic", () => {
  let found = 0;
  fc.assert(
    fc.property(filters, filters, (one, other) => {
      const [first, second] = [patternOf(one), patternOf(other)];
      for (const topic of TOPICS) assertEquals(matches(one, topic), first.test(topic), topic);
      const common = TOPICS.some((topic) => first.test(topic) && second.test(topic));
      if (common) found++;
      assertEquals(overlap(one, other), common);
      assertEquals(overlap(other, one), common);
    }),
    { numRuns: 2000 },
  );
  // Both answers were tried.
  assertEquals(found > 100 && found < 1900, true, `${found} overlap`);
});
