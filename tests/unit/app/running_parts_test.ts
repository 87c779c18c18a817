import { assertEquals } from "@std/assert";
import { RunningParts } from "../../../src/app/running_parts.ts";
import type { RunningQuery, RunningRule } from "../../../src/store/mod.ts";

function bookOf() {
  const pages = new Map<object, RunningRule | RunningQuery>();
  const state = { opened: 0 };
  const open = () => {
    state.opened++;
    return Promise.resolve({
      set: (part: object, running: RunningRule | RunningQuery) =>
        Promise.resolve(void pages.set(part, running)),
      delete: (part: object) => Promise.resolve(void pages.delete(part)),
    });
  };
  const seen = () =>
    [...pages.values()].map((one) =>
      `${"rule" in one ? one.rule : one.query} ${one.plugin} ${one.hash}`
    );
  return { open, seen, state };
}

Deno.test("RunningParts shows each part with the code that it runs last, until it is disposed of", async () => {
  const { open, seen, state } = bookOf();
  {
    await using _ = new RunningParts({ rule: "unused" }, open);
    await using parts = new RunningParts({ rule: "r1" }, open);
    await parts.show("sink_shout_0", { of: "sink", plugin: "shout", hash: "1" });
    await parts.show("function twice", { of: "function", plugin: "twice", hash: "1" });
    await parts.show("sink_shout_0", { of: "sink", plugin: "shout", hash: "2" });
    assertEquals(seen(), ["r1 shout 2", "r1 twice 1"]);
  }
  assertEquals([seen(), state.opened], [[], 1]);
});

Deno.test("RunningParts shows nothing of what starts with its end", async () => {
  const { open, seen } = bookOf();
  const opening = Promise.withResolvers<void>();
  const parts = new RunningParts({ rule: "r1" }, async () => {
    await opening.promise;
    return await open();
  });
  const late = parts.show("sink_shout_0", { of: "sink", plugin: "shout", hash: "1" });
  await parts[Symbol.asyncDispose]();
  opening.resolve();
  await late;
  assertEquals(seen(), []);
});
