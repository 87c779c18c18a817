import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { manifest, Random } from "../../../plugins/sources/random.ts";
import { checkSchema } from "../../../src/config/props_schema.ts";
import { endOfTurn } from "../../../src/core/mod.ts";
import { runPlugin } from "./run_plugin.ts";

async function rowsOf(props: Record<string, unknown>, count: number, instanceId = 0) {
  const run = runPlugin(new Random(), { props: { interval: 1, ...props }, instanceId });
  await run.until(() => run.rows().length >= count);
  assertEquals(await run.stop(), { kind: "stopped", forced: false });
  return run.rows().slice(0, count);
}

Deno.test("Random adds integers from 0 up to its seed to the numbers of its pattern", async () => {
  const rows = await rowsOf(
    { seed: 3, pattern: { count: 50, nested: { x: -1.5 }, name: "n" } },
    60,
  );
  assertEquals(new Set(rows.map(({ count }) => count)), new Set([50, 51, 52]));
  const nested = rows.map((row) => (row.nested as { x: number }).x);
  assert(nested.every((x) => [-1.5, -0.5, 0.5].includes(x)));
  assert(rows.every(({ name }) => name === "n"));
});

Deno.test("Random yields the pattern { count: 50 } when nothing is configured", async () => {
  assertEquals(await rowsOf({}, 2), [{ count: 50 }, { count: 50 }]);
});

Deno.test("Random gives the same rows at every start, and others to every instance", async () => {
  const props = { seed: 1000, pattern: { a: 0, b: 0 } };
  const first = await rowsOf(props, 20);
  assertEquals(await rowsOf(props, 20), first);
  const other = await rowsOf(props, 20, 1);
  assert(JSON.stringify(other) !== JSON.stringify(first));
});

Deno.test("Random keeps to the rows that it gave in earlier versions", async () => {
  assertEquals(
    await rowsOf({ seed: 100, pattern: { count: 0 } }, 8),
    GOLDEN.map((count) => ({ count })),
  );
});

Deno.test("Random leaves out rows that equal one of the last N", async () => {
  const rows = await rowsOf({ seed: 6, deduplicate: 4, pattern: { n: 0 } }, 40);
  rows.forEach((row, i) => {
    const before = rows.slice(Math.max(0, i - 4), i).map(({ n }) => n);
    assert(!before.includes(row.n), `row ${i} repeats one of ${before}`);
  });
});

Deno.test("Random ends when every row was sent and none may repeat", async () => {
  for (const deduplicate of [-1, 4, 100]) {
    const run = runPlugin(new Random(), {
      props: { interval: 1, seed: 2, pattern: { a: 0, b: [0] }, deduplicate },
    });
    assertEquals((await run.instance.closed).end, { kind: "done" });
    assertEquals(new Set(run.rows().map((row) => JSON.stringify(row))).size, 4);
    assertEquals(run.rows().length, 4);
    assertStringIncludes(run.lines[0]!, "all 4 rows");
  }
});

Deno.test("Random stops while it waits", async () => {
  const run = runPlugin(new Random(), { props: { interval: 1_000_000 } });
  await new Promise<void>(endOfTurn);
  assertEquals(await run.stop(), { kind: "stopped", forced: false });
});

Deno.test("Random.configure() refuses what makes no sense", async () => {
  for (
    const [props, sentence] of [
      [{ interval: 0 }, '"interval" is 0, expected an integer that is 1 or more'],
      [{ interval: "1s" }, '"interval" is "1s", expected an integer that is 1 or more'],
      [{ seed: -1 }, '"seed" is -1, expected'],
      [{ deduplicate: -2 }, '"deduplicate" is -2, expected'],
      [{ pattern: [1] }, '"pattern" is [1], expected an object'],
    ] as const
  ) {
    const { end } = await runPlugin(new Random(), { props }).instance.closed;
    assert(end.kind === "failed");
    assertEquals(end.failure.step, "configure");
    assertStringIncludes(end.failure.message, sentence);
  }
});

Deno.test("Random's manifest describes its properties with keywords that the engine knows", () => {
  assertEquals(checkSchema(manifest.properties), undefined);
});

const GOLDEN = [34, 84, 26, 9, 9, 4, 91, 82];
