import { assertEquals, assertThrows } from "@std/assert";
import { namesTopics, parseTopics } from "../../../src/source/mqtt_topics.ts";

Deno.test("parseTopics() takes several filters, wildcards and shared ones, each once", () => {
  assertEquals(parseTopics("a/b"), ["a/b"]);
  assertEquals(parseTopics(" a , b/+/c,#, a ,+"), ["a", "b/+/c", "#", "+"]);
  assertEquals(parseTopics("$share/g/a/#,$SYS/x,/,a//b"), ["$share/g/a/#", "$SYS/x", "/", "a//b"]);
});

Deno.test("parseTopics() adds the group to filters that are not shared", () => {
  assertEquals(parseTopics("a,$share/own/b", "g"), ["$share/g/a", "$share/own/b"]);
});

Deno.test("namesTopics() is false where a prefix asks for something else than topics", () => {
  const filters = ["a/$b", "$SYS/broker/#", "$share/g/a", "$queue/a", "$exclusive/a"];
  assertEquals(filters.map(namesTopics), [true, true, false, false, false]);
});

Deno.test("parseTopics() names the filter that is wrong", () => {
  const wrong = [
    ["", 'write DATASOURCE="topic"'],
    ["a,,b", 'the DATASOURCE "a,,b" has an empty topic'],
    ["a#", 'the topic "a#" is not valid: "#" stands for the rest'],
    ["#/a", 'the topic "#/a" is not valid: "#" stands for the rest'],
    ["a+/b", 'the topic "a+/b" is not valid: "+" stands for one level'],
    ["$share/g", 'the topic "$share/g" is not valid: write "$share/group/topic"'],
    ["$share//a", 'the topic "$share//a" is not valid: write "$share/group/topic"'],
    ["$share/g+/a", 'the topic "$share/g+/a" is not valid: write "$share/group/topic"'],
    ["a\0", "has a null character"],
    ["ž".repeat(40_000), "longer than 65535 bytes"],
  ] as const;
  for (const [datasource, sentence] of wrong) {
    assertThrows(() => parseTopics(datasource), TypeError, sentence);
  }
});
