import { assertEquals } from "@std/assert";
import { DenialCounts } from "../../../src/loader/denial_counts.ts";

const at = (atMs: number, count = 1) => ({ atMs, count });

Deno.test("DenialCounts.list() gives the most frequent first, with the lines that grant them", () => {
  const counts = new DenialCounts("weather");
  assertEquals(counts.list(), undefined);
  assertEquals(counts.add({ kind: "net", target: "a:1" }, at(10)), true);
  assertEquals(counts.add({ kind: "env" }, at(20, 3)), true);
  assertEquals(counts.add({ kind: "net", target: "a:1" }, at(30)), false);
  const { items, ...rest } = counts.list()!;
  assertEquals(rest, { total: 5, since: 10, rest: 0 });
  assertEquals(items.map(({ kind, count, firstAt, lastAt }) => [kind, count, firstAt, lastAt]), [
    ["env", 3, 20, 20],
    ["net", 2, 10, 30],
  ]);
  assertEquals(
    items[1]!.sentence,
    'source "weather" was denied net access to "a:1"; to grant it, add to etc/plugins.yaml:\n' +
      'plugins:\n  weather:\n    permissions:\n      net: ["a:1"]',
  );
});

Deno.test("DenialCounts.add() stays bounded and counts the rest", () => {
  const counts = new DenialCounts("mine");
  for (let i = 0; i < 10_000; i++) counts.add({ kind: "read", target: `/${i}` }, at(i));
  counts.add({ kind: "read", target: "x".repeat(1e6) }, at(1));
  counts.add(undefined, at(1, 7));
  counts.add({ kind: "read", target: "/3" }, at(20_000, Number.MAX_SAFE_INTEGER));
  const { total, items, rest } = counts.list()!;
  assertEquals([total, items.length], [Number.MAX_SAFE_INTEGER, 20]);
  assertEquals(items[0]!.target, "/3");
  assertEquals(rest, 0);
  const few = new DenialCounts("mine");
  for (let i = 0; i < 150; i++) few.add({ kind: "read", target: `/${i}` }, at(i));
  assertEquals([few.list()!.items.length, few.list()!.rest], [20, 130]);
});

Deno.test("DenialCounts.resume() goes on where a former process ended", () => {
  const former = new DenialCounts("mine");
  former.add({ kind: "net", target: "a:1" }, at(5, 2));
  const counts = new DenialCounts("mine");
  counts.add({ kind: "net", target: "a:1" }, at(100));
  counts.add({ kind: "sys", target: "hostname" }, at(100));
  counts.resume(former.list()!);
  const { total, since, items } = counts.list()!;
  assertEquals([total, since], [4, 5]);
  assertEquals(items.map(({ kind, count, firstAt }) => [kind, count, firstAt]), [
    ["net", 3, 5],
    ["sys", 1, 100],
  ]);
});
