import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Restarts } from "../../../src/app/restarts.ts";
import { SinkInIsolate } from "../../../src/app/sink_in_isolate.ts";
import { DEFAULT_RESTART, type RestartPolicy } from "../../../src/config/plugin_entry.ts";
import type {
  CollectResult,
  SinkInstance,
  SinkItem,
  SinkSpec,
  SourceFailure,
} from "../../../src/contract/mod.ts";
import type { Row } from "../../../src/core/mod.ts";
import type { WorkerHost } from "../../../src/loader/mod.ts";
import { HeldClock } from "../../fakes/mod.ts";

const SPEC: SinkSpec = { props: {}, ruleId: "r1", opId: "sink_mine_0", instanceId: 0 };
const EVENTS = { log() {}, status() {} };
const CRASH: SourceFailure = { step: "crash", name: "Error", message: "its process is gone" };
const item = (n: number): SinkItem => ({ message: { n } });

/** Isolates with a sink that takes everything until it is told to be lost. */
class FakeIsolates {
  readonly clock = new HeldClock();
  readonly got: string[] = [];
  readonly closed: string[] = [];
  /** What the openings of instances end with, one after the other. */
  openings: (SourceFailure | undefined)[] = [];
  /** What loading ends with. */
  loadings: (Error | undefined)[] = [];
  isStuck = false;
  /** An item that ends the isolate which is given it, and whoever is in there with it. */
  poison: number | undefined;
  #count = 0;
  #lost = new Set<string>();

  async sink(policy: Partial<RestartPolicy> = {}): Promise<SinkInIsolate> {
    const restart = { ...DEFAULT_RESTART, attempts: Infinity, jitter: 0, ...policy };
    return new SinkInIsolate(await this.open(), {
      open: () => this.open(),
      restarts: new Restarts(restart, this.clock),
      clock: this.clock,
    });
  }

  /** How many there were. */
  get opened(): number {
    return this.#count;
  }

  /** Let the time come for the next isolate. @returns what a call ended with that lost its own. */
  retried(result: CollectResult): CollectResult & { kind: "retry" } {
    assert(result.kind === "retry", JSON.stringify(result));
    this.clock.time += result.afterMs ?? 0;
    return result;
  }

  /** End the isolate that was opened last. */
  lose(): void {
    this.#lost.add(`host ${this.#count - 1}`);
  }

  open(): Promise<WorkerHost> {
    const failure = this.loadings.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const id = `host ${this.#count++}`;
    return Promise.resolve({
      info: { takes: "rows" },
      isStuck: this.isStuck,
      startSink: (): SinkInstance => ({
        opened: Promise.resolve(this.openings.shift()),
        collect: (items) => Promise.resolve(this.#collect(id, items)),
        close: () => Promise.resolve(),
      }),
      [Symbol.asyncDispose]: () => Promise.resolve(void this.closed.push(id)),
    } as unknown as WorkerHost);
  }

  #collect(id: string, items: readonly SinkItem[]): CollectResult {
    if (items.some((one) => "message" in one && (one.message as Row).n === this.poison)) {
      this.#lost.add(id);
    }
    if (this.#lost.has(id)) return { kind: "lost", failure: CRASH };
    for (const one of items) {
      if ("message" in one) this.got.push(`${id}: ${JSON.stringify(one.message)}`);
    }
    return { kind: "taken", refused: [] };
  }
}

Deno.test("SinkInIsolate hands what was not answered for to the next isolate, after the delay of the policy", async () => {
  const isolates = new FakeIsolates();
  {
    await using host = await isolates.sink();
    assertEquals(host.takes, "rows");
    const sink = host.start(SPEC, EVENTS);
    assertEquals(await sink.opened, undefined);
    await sink.collect([item(1)]);
    isolates.lose();
    assertEquals(isolates.retried(await sink.collect([item(2)])), {
      kind: "retry",
      message: "its process is gone",
      afterMs: 1000,
      isLost: true,
    });
    assertEquals((await sink.collect([item(2)])).kind, "taken");
    isolates.lose();
    assertEquals(isolates.retried(await sink.collect([item(3)])).afterMs, 2000);
    await sink.close(100);
    assertEquals((await sink.collect([item(3)])).kind, "lost");
  }
  assertEquals(isolates.got, ['host 0: {"n":1}', 'host 1: {"n":2}']);
  assertEquals(isolates.closed, ["host 0", "host 1"]);
});

Deno.test("SinkInIsolate starts one isolate for all instances that lost theirs", async () => {
  const isolates = new FakeIsolates();
  await using host = await isolates.sink({ attempts: 1 });
  const sinks = [0, 1].map((instanceId) => host.start({ ...SPEC, instanceId }, EVENTS));
  for (const sink of sinks) await sink.opened;
  isolates.lose();
  const results = await Promise.all(sinks.map((sink, i) => sink.collect([item(i)])));
  for (const result of results) {
    assert(result.kind === "retry");
    assertEquals(result.afterMs, 1000);
  }
  isolates.clock.time += 1000;
  await Promise.all(sinks.map((sink, i) => sink.collect([item(i)])));
  assertEquals(isolates.got, ['host 1: {"n":0}', 'host 1: {"n":1}']);
});

Deno.test("SinkInIsolate gives up as the policy says, and has all starts again after a good minute", async () => {
  const isolates = new FakeIsolates();
  await using host = await isolates.sink({ attempts: 1 });
  const sink = host.start(SPEC, EVENTS);
  await sink.opened;
  for (let round = 0; round < 2; round++) {
    isolates.lose();
    isolates.retried(await sink.collect([item(1)]));
    assertEquals((await sink.collect([item(1)])).kind, "taken");
    isolates.clock.time += 60_000;
  }
  isolates.lose();
  isolates.retried(await sink.collect([item(1)]));
  assertEquals((await sink.collect([item(1)])).kind, "taken");
  isolates.lose();
  const last = await sink.collect([item(1)]);
  assert(last.kind === "lost");
  assertEquals(
    last.failure.message,
    'its process is gone; "restart" of etc/plugins.yaml allows to start it again once',
  );
});

Deno.test("SinkInIsolate tells what keeps a fresh isolate from being open", async () => {
  const isolates = new FakeIsolates();
  await using host = await isolates.sink();
  const sink = host.start(SPEC, EVENTS);
  await sink.opened;
  isolates.lose();
  isolates.retried(await sink.collect([item(1)]));
  // Away, then lost while it opens, then not loaded: only the last is the end.
  isolates.openings = [{ step: "open", name: "NotConnected", message: "away" }, CRASH];
  assertEquals(await sink.collect([item(1)]), { kind: "retry", message: "away" });
  const crashed = isolates.retried(await sink.collect([item(1)]));
  // It had nothing in its hands.
  assertEquals([crashed.message, crashed.isLost], ["its process is gone", undefined]);
  isolates.loadings = [new Error("its hash is another")];
  const failed = await sink.collect([item(1)]);
  assert(failed.kind === "lost");
  assertEquals([failed.failure.step, failed.failure.message], ["load", "its hash is another"]);
});

Deno.test("SinkInIsolate starts none beside a thread that cannot be ended", async () => {
  const isolates = new FakeIsolates();
  isolates.isStuck = true;
  await using host = await isolates.sink();
  const sink = host.start(SPEC, EVENTS);
  await sink.opened;
  isolates.lose();
  const result = await sink.collect([item(1)]);
  assert(result.kind === "lost");
  assertStringIncludes(result.failure.message, "its process is gone; its thread cannot be ended");
});

Deno.test("SinkInIsolate does not start a sink again that never was open", async () => {
  const isolates = new FakeIsolates();
  isolates.openings = [CRASH];
  await using host = await isolates.sink();
  assertStringIncludes((await host.start(SPEC, EVENTS).opened)!.message, "its process is gone");
});

Deno.test("SinkInIsolate starts the next isolate when the policy says, however soon it is asked for it", async () => {
  const isolates = new FakeIsolates();
  await using host = await isolates.sink();
  const sink = host.start(SPEC, EVENTS);
  await sink.opened;
  isolates.lose();
  await sink.collect([item(1)]);
  // Given up: the next comes at once.
  const next = sink.collect([item(2)]);
  assertEquals(await isolates.clock.asleep(), 1000);
  assertEquals(isolates.opened, 1);
  await isolates.clock.wake();
  assertEquals((await next).kind, "taken");
  isolates.lose();
  await sink.collect([item(3)]);
  const last = sink.collect([item(4)]);
  await isolates.clock.asleep();
  await sink.close(100);
  assertEquals(await last, {
    kind: "retry",
    message: "its isolate was not started again before the stop",
  });
});

Deno.test("SinkInIsolate hands over one after the other what was lost together, so that one takes no other with it", async () => {
  const isolates = new FakeIsolates();
  isolates.poison = 7;
  await using host = await isolates.sink();
  const [bad, good] = [0, 1].map((instanceId) => host.start({ ...SPEC, instanceId }, EVENTS));
  await Promise.all([bad!.opened, good!.opened]);
  const first = await Promise.all([bad!.collect([item(7)]), good!.collect([item(1)])]);
  assertEquals(first.map(({ kind }) => kind), ["retry", "retry"]);
  isolates.retried(first[0]!);
  const badly = bad!.collect([item(7)]);
  const well = good!.collect([item(1)]);
  assertEquals((await badly).kind, "retry");
  await isolates.clock.wake();
  assertEquals((await well).kind, "taken");
  assertEquals(isolates.got, ['host 2: {"n":1}']);
});

Deno.test("SinkInIsolate opens an instance in the new isolate that lost none of its items with the old one", async () => {
  const isolates = new FakeIsolates();
  await using host = await isolates.sink();
  const [busy, idle] = [0, 1].map((instanceId) => host.start({ ...SPEC, instanceId }, EVENTS));
  await Promise.all([busy!.opened, idle!.opened]);
  isolates.lose();
  isolates.retried(await busy!.collect([item(1)]));
  assertEquals((await idle!.collect([item(2)])).kind, "taken");
  assertEquals(isolates.got, ['host 1: {"n":2}']);
});
