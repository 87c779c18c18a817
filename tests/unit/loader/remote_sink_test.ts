import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { CollectResult, SinkEvents, SinkItem, SinkSpec } from "../../../src/contract/mod.ts";
import { KuiperError, silentLogger } from "../../../src/core/mod.ts";
import { startProcessIsolate } from "../../../src/loader/process_isolate.ts";
import { ProtocolError, type ToIsolate } from "../../../src/loader/protocol.ts";
import { RemoteSink } from "../../../src/loader/remote_sink.ts";
import { linkText, openPlugin } from "./_plugin.ts";
import { ENDLESS } from "../../fakes/mod.ts";

const SPEC: SinkSpec = { props: { a: 1 }, ruleId: "r1", opId: "sink_mine_0", instanceId: 0 };

function listen(): { events: SinkEvents; said: string[] } {
  const said: string[] = [];
  const events: SinkEvents = {
    log: (level, message) => said.push(`${level} ${message}`),
    status: (status, message) => said.push(`${status} ${message}`),
  };
  return { events, said };
}

const openSink = (code: string, options: Parameters<typeof openPlugin>[1] = {}) =>
  openPlugin(code, { role: "sink", ...options });

/** Writes to its log what it is given. */
const TELLS = `export class Mine {
  takes = "rows";
  configure(props, ctx) { ctx.log.info("configured " + JSON.stringify(props)); }
  open(ctx) { ctx.status("connected", "to nothing"); }
  collect(items, ctx) {
    for (const [i, item] of items.entries()) {
      if (item.message?.bad) ctx.refuse(i, "it is bad");
      else ctx.log.info(String(item.payload ?? item.message.n) + " " + JSON.stringify(item.meta));
    }
  }
  close(ctx) { ctx.log.info("closed"); }
}`;

Deno.test("WorkerHost.startSink() runs a sink: configure, open, collect, close", async () => {
  await using host = await openSink(TELLS);
  assertEquals(host.info.takes, "rows");
  const { events, said } = listen();
  const sink = host.startSink(SPEC, events);
  assertEquals(await sink.opened, undefined);
  const items: SinkItem[] = [
    { message: { n: 2n ** 64n }, meta: { topic: "t" } },
    { message: { bad: true } },
    { payload: new Uint8Array([1, 2]) },
  ];
  assertEquals(await sink.collect(items), {
    kind: "taken",
    refused: [{ index: 1, message: "it is bad" }],
  });
  await sink.close(1000);
  assertEquals(said, [
    'info configured {"a":1}',
    "connected to nothing",
    'info 18446744073709551616 {"topic":"t"}',
    "info 1,2 undefined",
    "info closed",
  ]);
  assertEquals((await sink.collect(items)).kind, "lost");
});

Deno.test("WorkerHost.startSink() tells what is to be retried, what failed, and who was denied", async () => {
  await using host = await openSink(`
    import { BackOff, NotConnected } from "kuiper";
    export default {
      configure() {},
      async collect([{ payload }], ctx) {
        if (payload[0] === 0) throw new NotConnected("gone");
        if (payload[0] === 3) {
          ctx.refuse(0, "no");
          ctx.taken(1);
          throw new NotConnected("gone after one");
        }
        if (payload[0] === 1) throw new BackOff(50, "slow down");
        if (payload[0] === 2) throw new RangeError("too big");
        if (payload[0] === 5) {
          ctx.taken(1);
          throw new RangeError("too big after one");
        }
        await fetch("http://127.0.0.1:8099/");
      },
    };`);
  assertEquals(host.info.takes, "bytes");
  const sink = host.startSink(SPEC, listen().events);
  const send = (n: number) => sink.collect([{ payload: new Uint8Array([n]) }]);
  assertEquals(await send(0), { kind: "retry", message: "gone" });
  assertEquals(await send(3), {
    kind: "retry",
    message: "gone after one",
    settled: { count: 1, refused: [{ index: 0, message: "no" }] },
  });
  const later = await send(1);
  assert(later.kind === "retry");
  assertEquals(later.afterMs, 50);
  const failed = await send(2);
  assert(failed.kind === "failed");
  assertEquals([failed.failure.step, failed.failure.message], ["collect", "too big"]);
  const failedAfter = await send(5);
  assert(failedAfter.kind === "failed");
  assertEquals(failedAfter.settled, { count: 1, refused: [] });
  const denied = await send(4);
  assert(denied.kind === "failed");
  assertStringIncludes(denied.failure.message, 'sink "mine" was denied net access');
  await sink.close(1000);
});

Deno.test("WorkerHost.startSink() tells why a sink does not open", async () => {
  await using host = await openSink(
    `export class Mine { configure() { throw new Error("no a"); } collect() {} }`,
  );
  const failure = await host.startSink(SPEC, listen().events).opened;
  assertEquals([failure?.step, failure?.message], ["configure", "no a"]);
});

Deno.test("WorkerHost.startSink() ends an isolate that takes nothing in time", async () => {
  await using host = await openSink(
    `export default { configure() {}, collect() { return new Promise(() => {}); } };`,
    { collectDeadlineMs: 20 },
  );
  const sink = host.startSink(SPEC, listen().events);
  await sink.opened;
  const result = await sink.collect([{ payload: new Uint8Array() }]);
  assert(result.kind === "lost");
  assertEquals(result.failure.message, "the isolate did not take 1 items after 20 ms");
  await sink.close(1000);
});

Deno.test("openWorkerHost() refuses a module that is no sink in one sentence", async () => {
  const error = await assertRejects(
    () => openSink(`export default { configure() {} };`),
    KuiperError,
  );
  assertEquals(
    error.message,
    'Cannot load sink "mine": the export "default" has no method "collect"',
  );
});

Deno.test("startProcessIsolate() runs a sink in a process of its own", async () => {
  const options = { type: "mine", role: "sink", permissions: {}, log: silentLogger } as const;
  const isolate = startProcessIsolate(options);
  await using host = await isolate.load(await linkText(TELLS));
  const { events, said } = listen();
  const sink = host.startSink(SPEC, events);
  assertEquals(await sink.collect([{ message: { n: 1 } }]), { kind: "taken", refused: [] });
  await sink.close(1000);
  assertEquals(said.at(-1), "info closed");
});

/** The engine's side alone. */
function remote(): { sink: RemoteSink; posted: ToIsolate[] } {
  const posted: ToIsolate[] = [];
  const link = {
    deadlineMs: 60_000,
    post: (message: ToIsolate) => posted.push(message),
    overdue() {},
  };
  return { sink: new RemoteSink(1, listen().events, link), posted };
}

// -- What is too much at once --

Deno.test("RemoteSink hands over as much as may cross at once, and refuses what alone is more", async () => {
  const { sink, posted } = remote();
  const item = (length: number): SinkItem => ({ message: { n: "x".repeat(length) } });
  const items = [item(6_000_000), item(6_000_000), item(6_000_000), item(17_000_000), item(1)];
  const counts: number[] = [];
  for (let done = 0; done < items.length;) {
    const collecting = sink.collect(items.slice(done));
    sink.receiveCollected({ kind: "taken", refused: [] });
    const result = await collecting;
    counts.push(result.handed ?? items.length - done);
    done += counts.at(-1)!;
  }
  assertEquals(counts, [2, 1, 1, 1]);
  assertEquals(posted.length, 4);
  assertEquals(await sink.collect([{ message: { n: ENDLESS } }, item(1)]), {
    kind: "taken",
    refused: [{
      index: 0,
      message: "it is longer as text than the 268435456 characters that pass to a plugin",
    }],
    handed: 1,
  });
  assertEquals(posted.length, 4);
  const gone = sink.collect([item(17_000_000), item(1)]);
  sink.gone({ step: "crash", name: "Error", message: "gone" });
  assertEquals((await gone).kind, "lost");
});

// -- What is not believed --

Deno.test("RemoteSink refuses answers to what it was not asked", async () => {
  const { sink, posted } = remote();
  const taken = (...indexes: number[]): CollectResult => ({
    kind: "taken",
    refused: indexes.map((index) => ({ index, message: "" })),
  });
  const refused = (run: () => void) => {
    try {
      run();
    } catch (error) {
      return error instanceof ProtocolError;
    }
    return false;
  };
  assert(refused(() => sink.receiveCollected(taken())));
  const collecting = sink.collect([{ message: { n: 1 } }]);
  assert(refused(() => sink.receiveCollected(taken(1))));
  assert(refused(() => sink.receiveCollected(taken(0, 0))));
  for (const [count, index] of [[2, 0], [0, 0], [1, 1]] as const) {
    const settled = { count, refused: [{ index, message: "" }] };
    assert(refused(() => sink.receiveCollected({ kind: "retry", message: "", settled })));
  }
  sink.receiveCollected(taken(0));
  assertEquals(await collecting, taken(0));
  const lost = sink.collect([{ message: { n: 1 } }]);
  sink.gone({ step: "crash", name: "Error", message: "gone" });
  assertEquals((await lost).kind, "lost");
  await sink.close(5);
  assertEquals(posted.map(({ t }) => t), ["collect", "collect"]);
});
