import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createLogger, fail, KuiperError } from "../../../src/core/mod.ts";
import { type KeptRule, type RuleDefinition, RuleManager } from "../../../src/rule/mod.ts";
import { HeldClock } from "../../fakes/mod.ts";
import { newOpMetrics } from "../../../src/rule/op_metrics.ts";
import { FakeRuns, ruleJson } from "./_rule.ts";

/** Keeps rules in memory, as the store does on the disk. */
class FakeKeeper {
  readonly rules = new Map<string, KeptRule>();
  /** Ids of rules with something stored by what ran for them. */
  readonly states = new Set<string>();
  add(rule: KeptRule): void {
    if (this.rules.has(rule.id)) throw fail("exists", `Rule "${rule.id}" exists already`);
    this.rules.set(rule.id, rule);
  }
  replace(rule: Omit<KeptRule, "created">): void {
    this.rules.set(rule.id, { ...this.rules.get(rule.id)!, ...rule });
  }
  want(id: string, wanted: KeptRule["wanted"]): void {
    const kept = this.rules.get(id);
    if (kept !== undefined) this.rules.set(id, { ...kept, wanted });
  }
  remove(id: string): void {
    this.rules.delete(id);
    this.states.delete(id);
  }
  removeState(id: string): void {
    this.states.delete(id);
  }
  list(): KeptRule[] {
    return [...this.rules.values()];
  }
}

function manage(keeper = new FakeKeeper()) {
  const runs = new FakeRuns();
  const clock = new HeldClock();
  const lines: string[] = [];
  const manager = new RuleManager({
    keeper,
    check: (rule: RuleDefinition) => {
      if (!rule.sql.includes("demo")) {
        return Promise.reject(fail("not_found", "Stream is not defined"));
      }
      const operators = ["filter", "project"];
      return Promise.resolve({
        stream: "demo",
        explained: "plan",
        operators,
        warnings: ["ORDER BY changes nothing"],
      });
    },
    open: runs.open,
    mask: (text) => text.replaceAll("hunter2", "***"),
    log: createLogger((line) => lines.push(line), { level: "info" }),
    clock,
  });
  return { manager, runs, clock, keeper, lines };
}

Deno.test("RuleManager.create() stores a rule and starts it, once it may run", async () => {
  const { manager, runs, keeper, lines } = manage();
  await using _ = manager;
  await manager.create(ruleJson("early"));
  assertEquals([manager.status("early").state, runs.runs.length], ["stopped", 0]);
  await manager.restore();
  assertEquals(manager.status("early").state, "running");
  await manager.create(ruleJson("r1", { tags: ["a"], version: "1" }));
  await manager.create(ruleJson("idle", { triggered: false }));
  assertEquals(manager.list(), [
    { id: "early", name: "", status: "running", version: "", tags: [] },
    { id: "idle", name: "", status: "stopped", version: "", tags: [] },
    { id: "r1", name: "", status: "running", version: "1", tags: ["a"] },
  ]);
  assertEquals(JSON.parse(keeper.rules.get("r1")!.definition), {
    ...ruleJson("r1", { tags: ["a"], version: "1" }),
  });
  assertEquals(keeper.list().map((rule) => rule.wanted), ["running", "running", "stopped"]);
  assert(lines.includes("rule r1: ORDER BY changes nothing"));
});

Deno.test("RuleManager.create() refuses what is wrong and what is there, and stores nothing of it", async () => {
  const { manager, keeper } = manage();
  await using _ = manager;
  await assertRejects(
    () => manager.create(ruleJson("r1", { sql: "SELECT * FROM none" })),
    KuiperError,
    "Stream is not defined",
  );
  assertEquals(keeper.list(), []);
  const both = await Promise.allSettled([
    manager.create(ruleJson("r1")),
    manager.create(ruleJson("r1", { name: "second" })),
  ]);
  assertEquals(both.map(({ status }) => status), ["fulfilled", "rejected"]);
  assertEquals(manager.get("r1").name, "");
  await assertRejects(() => manager.create(ruleJson("r1")), KuiperError, "exists already");
});

Deno.test("RuleManager.update() keeps the old rule when the new one is wrong or has a lower version", async () => {
  const { manager, runs, keeper } = manage();
  await using _ = manager;
  await manager.restore();
  await manager.create(ruleJson("r1", { version: "2" }));
  const before = keeper.rules.get("r1");
  for (
    const [json, message] of [
      [{ sql: "SELECT * FROM none", version: "3" }, "Stream is not defined"],
      [{ version: "1" }, 'has version "2", and "1" is lower'],
      [{ id: "r2" }, 'Rule "r1": "id" is "r2"'],
    ] as const
  ) {
    await assertRejects(() => manager.update("r1", ruleJson("r1", json)), KuiperError, message);
  }
  assertEquals([keeper.rules.get("r1"), runs.runs.length], [before, 1]);
  await manager.update("r1", ruleJson("r1", { version: "2", name: "new" }));
  assertEquals([manager.get("r1").name, runs.runs.length], ["new", 2]);
  assertEquals(JSON.parse(keeper.rules.get("r1")!.definition).name, "new");
});

Deno.test("RuleManager brings back the rules that ran, and not those that were stopped", async () => {
  const keeper = new FakeKeeper();
  {
    const { manager, runs } = manage(keeper);
    await using _ = manager;
    await manager.restore();
    for (const id of ["runs", "stopped", "failed", "dropped"]) await manager.create(ruleJson(id));
    await manager.stop("stopped");
    await manager.drop("dropped");
    runs.runs[2]!.fail("boom");
  }
  const { manager } = manage(keeper);
  await using _ = manager;
  await manager.restore();
  assertEquals(manager.list().map(({ id, status }) => [id, status]), [
    ["failed", "running"],
    ["runs", "running"],
    ["stopped", "stopped"],
  ]);
});

Deno.test("RuleManager.restore() starts the others beside a rule that cannot be read or run", async () => {
  const keeper = new FakeKeeper();
  for (const id of ["a", "broken", "z"]) {
    keeper.add({
      id,
      definition: JSON.stringify(id === "broken" ? { id, nonsense: 1 } : ruleJson(id)),
      stream: "demo",
      wanted: "running",
      created: 1,
      updated: 1,
    });
  }
  const { manager } = manage(keeper);
  await using _ = manager;
  await manager.restore();
  const { a, broken, z } = manager.statusAll();
  assertEquals([a!.state, broken!.state, z!.state], ["running", "stopped by error", "running"]);
  assertEquals(
    broken!.message,
    'Rule "broken": unknown key "nonsense", known here: id, name, sql, ' +
      "graph, actions, options, triggered, tags, version, temp",
  );
  await assertRejects(() => manager.start("broken"), KuiperError, "drop it and create it again");
  await manager.drop("broken");
  assertEquals(keeper.list().map(({ id }) => id), ["a", "z"]);
});

Deno.test("RuleManager.drop() forgets also what is stored at the end of the run, before the id is used again", async () => {
  const { manager, runs, keeper } = manage();
  await using _ = manager;
  await manager.restore();
  await manager.create(ruleJson());
  const [run] = runs.runs;
  const ends = Promise.withResolvers<void>();
  run!.stop = () => void ends.promise.then(() => (keeper.states.add("r1"), run!.done()));
  const dropped = manager.drop("r1");
  while (keeper.rules.size > 0) await Promise.resolve();
  const created = manager.create(ruleJson("r1", { name: "next" }));
  // Whatever a promise can bring about has come about.
  for (let i = 0; i < 100; i++) await Promise.resolve();
  assertEquals([runs.runs.length, keeper.list()], [1, []]);
  ends.resolve();
  await Promise.all([dropped, created]);
  assertEquals([[...keeper.states], runs.runs.length, manager.get("r1").name], [[], 2, "next"]);
});

Deno.test("RuleManager keeps what is wanted of a rule in the order in which it is done", async () => {
  const { manager, keeper } = manage();
  await using _ = manager;
  await manager.restore();
  await manager.create(ruleJson());
  const restarted = manager.restart("r1");
  const updated = manager.update("r1", ruleJson());
  // The update has been checked, and waits for the restart.
  for (let i = 0; i < 3; i++) await Promise.resolve();
  await Promise.all([restarted, updated, manager.stop("r1")]);
  assertEquals([manager.status("r1").state, keeper.rules.get("r1")!.wanted], [
    "stopped",
    "stopped",
  ]);
});

Deno.test("RuleManager tells who comes behind a drop that there is no such rule", async () => {
  const { manager } = manage();
  await using _ = manager;
  await manager.restore();
  await manager.create(ruleJson());
  const [dropped, ...late] = await Promise.allSettled([
    manager.drop("r1"),
    manager.start("r1"),
    manager.stop("r1"),
    manager.restart("r1"),
    manager.update("r1", ruleJson()),
    manager.drop("r1"),
  ]);
  assertEquals(dropped!.status, "fulfilled");
  for (const one of late) {
    assertEquals(one.status === "rejected" && one.reason.code, "not_found");
  }
});

Deno.test("RuleManager starts no rule that is dropped, whatever the order of the calls", async () => {
  const { manager, runs, keeper } = manage();
  await using _ = manager;
  await manager.restore();
  await manager.create(ruleJson());
  const dropped = manager.drop("r1");
  const late = await Promise.allSettled([manager.start("r1"), manager.restart("r1")]);
  await dropped;
  assert(late.length === 2);
  assertEquals([keeper.list(), manager.list(), runs.runs.length], [[], [], 1]);
  assertThrows(() => manager.status("r1"), KuiperError, 'Rule "r1" is not defined');
});

Deno.test("RuleManager.restartAll() starts those again that run, and no other", async () => {
  const { manager, runs } = manage();
  await using _ = manager;
  await manager.restore();
  await manager.create(ruleJson("a"));
  await manager.create(ruleJson("b", { triggered: false }));
  await manager.restartAll(["a", "b", "gone"], "its stream is replaced");
  assertEquals([manager.status("a").state, manager.status("b").state], ["running", "stopped"]);
  assertEquals(runs.runs.map((run) => run.stops), [1, 0]);
});

Deno.test("RuleManager.topo() tells what flows into what, explain() the plan", async () => {
  const { manager } = manage();
  await using _ = manager;
  await manager.create(ruleJson("r1", { actions: [{ log: {} }, { mqtt: {} }] }));
  assertEquals(await manager.topo("r1"), {
    sources: ["source_demo"],
    edges: {
      source_demo: ["op_2_filter"],
      op_2_filter: ["op_3_project"],
      op_3_project: ["sink_log_0", "sink_mqtt_1"],
    },
  });
  assertEquals(await manager.explain("r1"), "plan");
  assertEquals(await manager.validate(ruleJson("other")), ["demo"]);
  assertThrows(
    () => manager.get("r2"),
    KuiperError,
    'Rule "r2" is not defined, did you mean "r1"?',
  );
});

Deno.test("RuleManager.status() hides secrets in all that was said, and so does statusAll()", async () => {
  const keeper = new FakeKeeper();
  const { manager, runs } = manage(keeper);
  await using _ = manager;
  await manager.restore();
  await manager.create(ruleJson("r1"));
  const metrics = {
    ...newOpMetrics(),
    last_exception: "no hunter2",
    connection_status: -1,
    connection_last_disconnected_message: "gone hunter2",
  } as const;
  runs.runs[0]!.parts = [
    { kind: "sink", id: "sink_nop_0", instance: 0, metrics },
    { kind: "op", id: "op_1_filter", instance: 0, metrics: newOpMetrics() },
  ];
  const status = manager.status("r1");
  assertEquals(status.message, "running, sink_nop_0 is not connected (gone ***)");
  assertEquals(status.ops[0]!.metrics.last_exception, "no ***");
  assertEquals(status.ops[0]!.metrics.connection_last_disconnected_message, "gone ***");
  assertEquals(
    Object.hasOwn(status.ops[1]!.metrics, "connection_last_disconnected_message"),
    false,
  );
  assertEquals(manager.statusAll(), { r1: status });
});
