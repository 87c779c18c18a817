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
    assertEquals(await sink.collect([item(2)]), {
      kind: "retry",
      message: "its process is gone",
      afterMs: 1000,
    });
    assertEquals((await sink.collect([item(2)])).kind, "taken");
    isolates.lose();
    const second = await sink.collect([item(3)]);
    assert(second.kind === "retry");
    assertEquals(second.afterMs, 2000);
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
  for (const [i, sink] of sinks.entries()) {
    isolates.clock.time += i * 400;
    const result = await sink.collect([item(i)]);
    assert(result.kind === "retry");
    assertEquals(result.afterMs, 1000 - i * 400);
  }
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
    assertEquals((await sink.collect([item(1)])).kind, "retry");
    assertEquals((await sink.collect([item(1)])).kind, "taken");
    isolates.clock.time += 60_000;
  }
  isolates.lose();
  assertEquals((await sink.collect([item(1)])).kind, "retry");
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
  await sink.collect([item(1)]);
  // Away, then lost while it opens, then not loaded: only the last is the end.
  isolates.openings = [{ step: "open", name: "NotConnected", message: "away" }, CRASH];
  assertEquals(await sink.collect([item(1)]), { kind: "retry", message: "away" });
  const crashed = await sink.collect([item(1)]);
  assert(crashed.kind === "retry");
  assertEquals(crashed.message, "its process is gone");
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
