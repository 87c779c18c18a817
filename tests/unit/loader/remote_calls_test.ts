import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  endOfTurn,
  KuiperError,
  messageOf,
  silentLogger,
  type Value,
} from "../../../src/core/mod.ts";
import { decodeAnswers, encodeAnswers } from "../../../src/loader/call_codec.ts";
import { ProtocolError, type ToIsolate } from "../../../src/loader/protocol.ts";
import { RemoteCalls } from "../../../src/loader/remote_calls.ts";
import { startProcessIsolate } from "../../../src/loader/process_isolate.ts";
import { linkText, openPlugin } from "./_plugin.ts";
import { ENDLESS } from "../../fakes/mod.ts";

const openFunction = (code: string, options: Parameters<typeof openPlugin>[1] = {}) =>
  openPlugin(code, { role: "function", ...options });

/** Results with errors as their messages. */
const shown = (results: readonly (Value | Error)[]) =>
  results.map((result) => result instanceof Error ? result.message : result);

// -- In an isolate --

Deno.test("WorkerHost.call() gives a result for every row, whatever kind of value", async () => {
  await using host = await openFunction(`export function mine(...args) { return args; }`);
  assertEquals([host.info.kind, host.info.exportName], ["function", "mine"]);
  const rows: Value[][] = [
    [1, "a", null, true],
    [],
    [2n ** 64n, new Date(5), new Uint8Array([1, 2]), -0.5],
    [{ $: "n", v: "1", ["__proto__"]: 1 }, [[null]]],
  ];
  assertEquals(await host.call(rows), rows);
});

Deno.test("WorkerHost.call() waits for a function that is async, and takes a default export", async () => {
  await using host = await openFunction(
    `export default async (x) => { await null; return x * 2; }`,
  );
  assertEquals(await Promise.all([host.call([[1], [2]]), host.call([[3]])]), [[2, 4], [6]]);
});

Deno.test("WorkerHost.call() gives the error of each row that fails, and null for undefined", async () => {
  await using host = await openFunction(`export function mine(x) {
    if (x === 1) throw new RangeError("no ones");
    if (x === 2) return () => 1;
    if (x === 3) return { a: [Symbol("s")] };
    if (x === 4) throw null;
    return undefined;
  }`);
  assertEquals(shown(await host.call([[0], [1], [2], [3], [4]])), [
    null,
    'Function "mine" failed: no ones',
    'Function "mine" failed: it gave a function, which is no value of SQL',
    'Function "mine" failed: the result.value.a[0] is a symbol, which is no value of SQL',
    'Function "mine" failed: threw null',
  ]);
});

Deno.test("WorkerHost.call() says how to grant what the function was denied", async () => {
  await using host = await openFunction(
    `export async function mine() { await fetch("http://127.0.0.1:8099/"); }`,
  );
  const [said] = shown(await host.call([[]]));
  assertStringIncludes(String(said), 'function "mine" was denied net access to "127.0.0.1:8099"');
  assertStringIncludes(
    String(said),
    'plugins:\n  mine:\n    permissions:\n      net: ["127.0.0.1:8099"]',
  );
});

Deno.test("WorkerHost.call() ends an isolate that does not answer in time", async () => {
  await using host = await openFunction(
    `export function mine() { return new Promise(() => {}); }`,
    { callDeadlineMs: 20 },
  );
  const error = await assertRejects(() => host.call([[1], [2]]), KuiperError);
  assertEquals(
    error.message,
    'Function "mine" is lost: the isolate did not answer a call of 2 rows after 20 ms',
  );
  await assertRejects(() => host.call([[1]]), KuiperError, "is lost");
});

Deno.test("WorkerHost.call() rejects when the isolate is closed meanwhile", async () => {
  const host = await openFunction(`export function mine() { return new Promise(() => {}); }`);
  const call = assertRejects(() => host.call([[1]]), KuiperError, 'Function "mine" is lost');
  await host[Symbol.asyncDispose]();
  await call;
});

Deno.test("openWorkerHost() refuses a module without the function in one sentence", async () => {
  const cases = [
    [`export const mine = 1;`, 'the export "mine" is a number, expected a function'],
    [`export function other() {}`, 'exports "other", expected a function "mine" or "default"'],
    [`export const manifest = { contract: 2 }; export default () => 1;`, "contract 2"],
  ] as const;
  for (const [code, message] of cases) {
    const error = await assertRejects(() => openFunction(code), KuiperError);
    assertStringIncludes(error.message, `Cannot load function "mine": `);
    assertStringIncludes(error.message, message);
  }
});

Deno.test("ProcessPool runs a function in a process of its own, and a loop without end is ended", async () => {
  const isolate = startProcessIsolate({
    type: "mine",
    role: "function",
    permissions: {},
    log: silentLogger,
    callDeadlineMs: 1500,
  });
  await using host = await isolate.load(
    await linkText(`export function mine(x) { while (x === 0); return x + 1; }`),
  );
  assertEquals(await host.call([[1], [2]]), [2, 3]);
  const error = await assertRejects(() => host.call([[0]]), KuiperError);
  assertStringIncludes(error.message, 'Function "mine" is lost');
});

Deno.test("WorkerHost.call() hides a secret in what a function says, in that of its end too", async () => {
  await using host = await openFunction(
    `export function mine(x) {
      if (x === 1) throw new Error("no hunter2");
      setTimeout(() => { throw new Error("ended by hunter2"); });
      return new Promise(() => {});
    }`,
    { mask: (text) => text.replaceAll("hunter2", "***") },
  );
  assertEquals(shown(await host.call([[1]])), ['Function "mine" failed: no ***']);
  const error = await assertRejects(() => host.call([[2]]), KuiperError);
  assertStringIncludes(error.message, 'Function "mine" is lost: ended by ***');
});

// -- What is too much at once --

Deno.test("RemoteCalls.call() asks for rows in parts where they are more than may cross at once", async () => {
  const { calls: remote, posted } = calls();
  const rows: Value[][] = [6_000_000, 6_000_000, 17_000_000, 1].map((n) => ["x".repeat(n)]);
  rows.splice(3, 0, [ENDLESS]);
  const results = remote.call(rows);
  const counts: number[] = [];
  for (let at = 0; at < 3; at++) {
    const { id, text } = posted[at] as ToIsolate & { t: "call" };
    const count = (JSON.parse(text) as unknown[]).length;
    counts.push(count);
    remote.receive({
      t: "results",
      id,
      ...encodeAnswers(Array(count).fill({ value: at })),
    });
    await new Promise<void>(endOfTurn);
  }
  assertEquals(counts, [2, 1, 1]);
  assertEquals(shown(await results), [
    0,
    0,
    1,
    'Function "mine" is not called: the row is longer as text than the 268435456 characters that pass to a plugin',
    2,
  ]);
});

Deno.test("encodeAnswers() makes an error of an answer for which the text has no room", () => {
  // So heavy that each is looked at.
  const heavy = "x".repeat(21_000_000);
  const answers = [{ value: 1 }, { value: ENDLESS }, { value: heavy }];
  const [one, none, large] = decodeAnswers(encodeAnswers(answers), 3);
  assertEquals([one, large], [{ value: 1 }, { value: heavy }]);
  assertStringIncludes((none as { error: string }).error, "longer than 268435456 characters");
});

Deno.test("encodeAnswers() makes an error of an answer that would take too much memory", () => {
  const many = Array<Value>(999_000).fill([]);
  const answers = [{ value: many }, { value: many }, { value: 1 }];
  const [first, second, third] = decodeAnswers(encodeAnswers(answers), 3);
  assertEquals([(first as { value: Value[] }).value.length, third], [999_000, { value: 1 }]);
  assertStringIncludes((second as { error: string }).error, "more than 1000000 objects and arrays");
});

// -- What is not believed --

function calls(): { calls: RemoteCalls; posted: ToIsolate[]; ended: string[] } {
  const posted: ToIsolate[] = [];
  const ended: string[] = [];
  const remote = new RemoteCalls({
    name: "mine",
    deadlineMs: 60_000,
    post: (message) => posted.push(message),
    overdue: (what) => ended.push(what),
    mask: (text) => text,
    explain: (message) => message,
  });
  return { calls: remote, posted, ended };
}

function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert(error instanceof ProtocolError, messageOf(error));
    return error.message;
  }
  throw new Error("It was believed");
}

Deno.test("RemoteCalls.receive() refuses results that nobody asked for", () => {
  const { calls: remote } = calls();
  const text = encodeAnswers([{ value: 1 }]);
  assertEquals(
    refused(() => remote.receive({ t: "results", id: 1, ...text })),
    "sent results that nobody asked for",
  );
});

Deno.test("RemoteCalls.receive() refuses what is not a result for each row", async () => {
  const { calls: remote } = calls();
  const pending = assertRejects(() => remote.call([[1], [2]]), KuiperError, "is lost");
  const say = (text: string, special = false) =>
    refused(() => remote.receive({ t: "results", id: 1, text, special }));
  assertEquals(say('[{"value":1}]'), "sent 1 results for 2 rows");
  assertEquals(say('{"length":2}'), "sent results that cannot be read");
  assertEquals(say("[1,"), "sent results that cannot be read");
  assertEquals(say('[{"value":1},null]'), "sent a result that is none");
  assertEquals(say('[{"value":1},{"wrong":1}]'), "sent a result that is none");
  assertEquals(say('[{"value":1},{"$":"q","v":1}]', true), "sent results that cannot be read");
  remote.gone(undefined);
  await pending;
});

Deno.test("RemoteCalls.call() refuses one more than 64 that wait", async () => {
  const { calls: remote, posted } = calls();
  const waiting = Array.from({ length: 64 }, () => remote.call([[1]]));
  await assertRejects(() => remote.call([[1]]), KuiperError, "has 64 calls to answer");
  assertEquals(posted.length, 64);
  for (let id = 1; id <= 64; id++) {
    remote.receive({ t: "results", id, ...encodeAnswers([{ value: id }]) });
  }
  assertEquals((await Promise.all(waiting)).flat(), Array.from({ length: 64 }, (_, i) => i + 1));
});

Deno.test("decodeAnswers() reads what encodeAnswers() wrote", () => {
  const answers = [{ value: null }, { error: "no" }, { value: { a: [1n] } }];
  assertEquals(decodeAnswers(encodeAnswers(answers), 3), answers);
});
