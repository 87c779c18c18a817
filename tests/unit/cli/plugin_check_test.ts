import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../../src/cli/mod.ts";
import type { CheckStep, Engine } from "../../../src/cli/engine.ts";
import { FakeIo, tupleOf } from "./fake_io.ts";

function engineOf(steps: CheckStep[]): Partial<Engine> & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    checkPlugin: ({ signal, ...options }, report) => {
      asked.push({ ...options, signal: signal instanceof AbortSignal });
      for (const step of steps) report(step);
      return Promise.resolve(steps.every((step) => step.ok));
    },
  };
}

Deno.test("plugin check reports every step on stdout, with the tuples", async () => {
  const engine = engineOf([
    { name: "find", ok: true, text: "plugins/sources/MySource.ts" },
    { name: "tuples", ok: true, text: "2 tuples", tuples: [tupleOf({ n: 1n }), tupleOf({})] },
    { name: "close", ok: true, text: "" },
  ]);
  const io = new FakeIo({ engine });
  assertEquals(await main(["plugin", "check", "mySource"], io), 0);
  assertEquals(
    io.out,
    `ok      find       plugins/sources/MySource.ts
ok      tuples     2 tuples
        {"message":{"n":1},"meta":{"topic":"t"}}
        {"message":{},"meta":{"topic":"t"}}
ok      close
`,
  );
  assertEquals(engine.asked, [{ target: "mySource", signal: true }]);
});

Deno.test("plugin check hands its flags on and ends with 1 when a step fails", async () => {
  const engine = engineOf([{ name: "load", ok: false, text: "it is no JavaScript:\n  3 | x y" }]);
  const io = new FakeIo({ engine });
  const flags = "--conf-key k --datasource d --format binary -n 7".split(" ");
  assertEquals(await main(["plugin", "check", "a.ts", ...flags], io), 1);
  assertEquals(io.out, "failed  load       it is no JavaScript:\n          3 | x y\n");
  assertEquals(engine.asked, [
    { target: "a.ts", limit: 7, signal: true, confKey: "k", datasource: "d", format: "binary" },
  ]);
});

Deno.test("plugin check reads the JSON of its flags with every digit, and refuses another kind of it", async () => {
  const engine = engineOf([]);
  const flags = ["--kind=sink", '--props={"a": 1}', '--row={"n": 9007199254740993}'];
  assertEquals(await main(["plugin", "check", "mine", ...flags], new FakeIo({ engine })), 0);
  assertEquals(engine.asked, [
    { target: "mine", signal: true, kind: "sink", props: { a: 1 }, row: { n: 9007199254740993n } },
  ]);
  for (
    const [flag, sentence] of [
      ["--row=[1]", '--row is "[1]", expected an object of JSON'],
      ["--props={", '--props is "{", expected an object of JSON'],
      ['--args={"a":1}', "expected an array of JSON such as '[21.5, null]'"],
      ["--kind=door", '--kind is "door", expected "source", "sink" or "function"'],
    ] as const
  ) {
    const io = new FakeIo({ engine });
    assertEquals(await main(["plugin", "check", "mine", flag], io), 2);
    assertStringIncludes(io.err, sentence);
  }
});
