import { assertEquals } from "@std/assert";
import { TopicRoutes } from "../../../src/connection/topic_routes.ts";

Deno.test("TopicRoutes.find() gives the owner whose filter matches, or nobody", () => {
  const routes = new TopicRoutes<string>();
  routes.add(["a/b", "c/+"], "one");
  routes.add(["d/#"], "two");
  const topics = ["a/b", "c/x", "c/x/y", "d", "d/e/f", "e"];
  const expected = ["one", "one", undefined, "two", "two", undefined];
  assertEquals(topics.map((topic) => routes.find(topic)), expected);
  // Again, from what it remembers.
  assertEquals(topics.map((topic) => routes.find(topic)), expected);
});

Deno.test("TopicRoutes.find() remembers a bounded number of topics, and all are right", () => {
  const routes = new TopicRoutes<string>();
  routes.add(["a/+"], "one");
  routes.add(["b/+"], "two");
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 3000; i++) {
      assertEquals([routes.find(`a/${i}`), routes.find(`b/${i}`)], ["one", "two"]);
    }
  }
});

Deno.test("TopicRoutes.remove() forgets an owner, also what was remembered of it", () => {
  const routes = new TopicRoutes<string>();
  routes.add(["a", "b/+"], "one");
  assertEquals([routes.find("a"), routes.find("b/x")], ["one", "one"]);
  routes.remove(["a", "b/+"], "one");
  assertEquals([routes.find("a"), routes.find("b/x")], [undefined, undefined]);
  routes.add(["b/x"], "two");
  assertEquals(routes.find("b/x"), "two");
});

Deno.test("TopicRoutes.overlaps() looks at topics and wildcards of all owners", () => {
  const routes = new TopicRoutes<string>();
  routes.add(["a/b"], "one");
  routes.add(["c/#"], "two");
  const overlapping = ["a/b", "a/+", "+/b", "#", "c", "c/x", "c/+", "+/+"];
  assertEquals(overlapping.filter((filter) => !routes.overlaps([filter])), []);
  assertEquals(["a", "a/b/c", "d/#", "$SYS/#"].filter((filter) => routes.overlaps([filter])), []);
  assertEquals(routes.overlaps(["free", "c/x"]), true);
});
