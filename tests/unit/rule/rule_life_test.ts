import { assertEquals } from "@std/assert";
import { fail, silentLogger } from "../../../src/core/mod.ts";
import { RuleLife } from "../../../src/rule/rule_life.ts";
import { HeldClock } from "../../fakes/mod.ts";
import { FakeRuns, rule } from "./_rule.ts";

function live(options: object = {}) {
  const runs = new FakeRuns();
  const clock = new HeldClock();
  const life = new RuleLife(rule("r1", { options }), { open: runs.open, log: silentLogger, clock });
  return { runs, clock, life };
}

const AGAIN = { restartStrategy: { attempts: 2, delay: 100, multiplier: 3, jitterFactor: 0 } };

Deno.test("RuleLife goes from stopped over running to stopped, and says why", async () => {
  const { life, clock } = live();
  assertEquals([life.state, life.status().message], ["stopped", "not started yet"]);
  await life.start();
  await life.launched;
  assertEquals([life.state, life.status().message], ["running", "running"]);
  assertEquals(life.status().lastStartTimestamp, 1000);
  clock.time = 2000;
  assertEquals(await life.stop(), true);
  assertEquals([life.state, life.status().message], ["stopped", "canceled manually"]);
  assertEquals(life.status().lastStopTimestamp, 2000);
});

Deno.test("RuleLife.start() and stop() say whether they changed anything, however often they are called", async () => {
  const { life, runs } = live();
  assertEquals(await life.stop(), false);
  assertEquals(await Promise.all([life.start(), life.start(), life.start()]), [true, false, false]);
  await life.launched;
  assertEquals(await Promise.all([life.stop(), life.stop(), life.start()]), [true, false, true]);
  await life.launched;
  assertEquals([life.state, runs.runs.length], ["running", 2]);
  await life.stop();
});

Deno.test("RuleLife ends by default with the error of its run, in its words", async () => {
  const { life, runs } = live();
  const opened = runs.next();
  await life.start();
  (await opened).fail("the source broke");
  while (life.isAlive) await Promise.resolve();
  assertEquals([life.state, life.status().message], ["stopped by error", "the source broke"]);
  assertEquals(await life.stop(), true);
  assertEquals(life.state, "stopped");
});

Deno.test("RuleLife tells an end of the input from an error", async () => {
  const { life, runs } = live(AGAIN);
  const opened = runs.next();
  await life.start();
  (await opened).done();
  while (life.isAlive) await Promise.resolve();
  assertEquals([life.state, life.status().message], ["stopped", "done: the input has ended"]);
});

Deno.test("RuleLife says why a run could not be opened", async () => {
  const { life, runs } = live();
  runs.refuse = fail("not_found", 'Stream "demo" is not defined');
  await life.start();
  await life.launched;
  assertEquals(life.state, "stopped by error");
  assertEquals(life.status().message, 'Stream "demo" is not defined');
});

Deno.test("RuleLife.launched waits for no second attempt", async () => {
  const { life, runs, clock } = live(AGAIN);
  runs.refuse = fail("not_found", 'Stream "demo" is not defined');
  await life.start();
  await life.launched;
  assertEquals([life.state, await clock.asleep()], ["starting", 100]);
  runs.refuse = undefined;
  const opened = runs.next();
  await clock.wake();
  await opened;
  while (life.state !== "running") await Promise.resolve();
  await life.stop();
  assertEquals([life.state, runs.runs.length], ["stopped", 1]);
});

Deno.test("RuleLife starts again with growing delays, as often as its strategy says", async () => {
  const { life, runs, clock } = live(AGAIN);
  let opened = runs.next();
  await life.start();
  for (const [delay, count] of [[100, 1], [300, 2]]) {
    (await opened).fail("boom");
    opened = runs.next();
    assertEquals(await clock.asleep(), delay);
    const { state, message, nextStartTimestamp } = life.status();
    assertEquals([state, nextStartTimestamp], ["starting", clock.time + delay!]);
    assertEquals(message, `boom; starting again in ${delay} ms (${count} of 2)`);
    await clock.wake();
  }
  (await opened).fail("boom at last");
  while (life.isAlive) await Promise.resolve();
  assertEquals([life.state, life.status().message], [
    "stopped by error",
    "boom at last; not started again after 2 attempts",
  ]);
  assertEquals([runs.runs.length, life.status().nextStartTimestamp], [3, 0]);
});

Deno.test("RuleLife has all attempts again after a healthy minute", async () => {
  const { life, runs, clock } = live({
    restartStrategy: { ...AGAIN.restartStrategy, attempts: 1 },
  });
  let opened = runs.next();
  await life.start();
  for (let i = 0; i < 3; i++) {
    const run = await opened;
    clock.time += 60_000;
    opened = runs.next();
    run.fail("boom");
    assertEquals(await clock.asleep(), 100);
    await clock.wake();
  }
  (await opened).fail("too soon");
  while (life.isAlive) await Promise.resolve();
  assertEquals(life.status().message, "too soon; not started again after 1 attempt");
});

/** A rule whose run has failed, and that waits for the next attempt. */
async function failedOnce(): Promise<ReturnType<typeof live>> {
  const site = live(AGAIN);
  const opened = site.runs.next();
  await site.life.start();
  (await opened).fail("boom");
  await site.clock.asleep();
  return site;
}

Deno.test("RuleLife.status() says that it was started again, and why, until the run is a minute old", async () => {
  const { life, runs, clock } = await failedOnce();
  const again = runs.next();
  await clock.wake();
  await again;
  assertEquals(life.status().message, "running; started again (1 of 2) after: boom");
  clock.time += 60_000;
  assertEquals(life.status().message, "running");
  await life.stop();
  await life.start();
  assertEquals(life.status().message, "running");
  await life.stop();
});

Deno.test("RuleLife.start() does not wait for the next attempt, and gives all of them back", async () => {
  const { life, runs, clock } = live(AGAIN);
  for (const delay of [100, 100]) {
    const opened = runs.next();
    assertEquals(await life.start(), true);
    await life.launched;
    assertEquals([life.status().message, life.status().nextStartTimestamp], ["running", 0]);
    (await opened).fail("boom");
    assertEquals(await clock.asleep(), delay);
  }
  await Promise.all([life.start(), life.stop()]);
  assertEquals([life.state, life.isAlive], ["stopped", false]);
});

Deno.test("RuleLife.stop() ends the waiting for the next attempt", async () => {
  const { life } = await failedOnce();
  await life.stop();
  assertEquals([life.state, life.status().message], ["stopped", "canceled manually"]);
  assertEquals(life.status().nextStartTimestamp, 0);
});

Deno.test("RuleLife.drop() is the end, also for who asked for a start behind it", async () => {
  const { life, runs } = live();
  await life.start();
  let forgotten = 0;
  const results = await Promise.all([
    life.drop(() => forgotten++),
    life.start(),
    life.update(rule("r1"), { store() {}, run: true }),
  ]);
  assertEquals(results.slice(1), [false, false]);
  assertEquals([forgotten, life.state, runs.runs.length], [1, "stopped", 1]);
});

Deno.test("RuleLife.update() changes nothing when it cannot be stored", async () => {
  const { life, runs } = live();
  await life.start();
  await life.launched;
  const store = () => {
    throw fail("io", "the disk is full");
  };
  const error = await life.update(rule("r1", { name: "new" }), { store, run: true })
    .catch((error) => error);
  assertEquals(error.message, "the disk is full");
  assertEquals([life.state, life.rule.name, runs.runs.length], ["running", "", 1]);
  await life.update(rule("r1", { name: "new" }), { store() {}, run: true });
  await life.launched;
  assertEquals([life.state, life.rule.name, runs.runs.length], ["running", "new", 2]);
  await life.stop();
});

Deno.test("RuleLife.status() names a connection that is missing", async () => {
  const { life, runs } = live();
  const opened = runs.next();
  await life.start();
  const metrics = { connection_status: -1, connection_last_disconnected_message: "refused" };
  (await opened).parts = [{ kind: "sink", id: "sink_mqtt_0", instance: 0, metrics }] as never;
  await life.launched;
  await Promise.resolve();
  assertEquals(life.status().message, "running, sink_mqtt_0 is not connected (refused)");
  await life.stop();
});
