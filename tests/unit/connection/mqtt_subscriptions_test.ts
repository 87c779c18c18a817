import { assertEquals } from "@std/assert";
import { MqttEntry } from "../../../src/connection/mqtt_entry.ts";
import { MqttSubscriptions } from "../../../src/connection/mqtt_subscriptions.ts";
import { fail } from "../../../src/core/mod.ts";
import { FakeMember } from "./_mqtt_member.ts";

/** A connection whose answers the test gives, one after the other. */
function start(qos: 0 | 1) {
  const asked: string[] = [];
  const waiting: PromiseWithResolvers<string[]>[] = [];
  const told: string[] = [];
  let tell = () => {};
  const ask = (what: string) => {
    asked.push(what);
    const answer = Promise.withResolvers<string[]>();
    waiting.push(answer);
    tell();
    return answer.promise;
  };
  const subscriptions = new MqttSubscriptions({
    sessionPresent: true,
    subscribe: (filters) => ask(`subscribe ${filters}`),
    async unsubscribe(filters) {
      await ask(`unsubscribe ${filters}`);
    },
  }, {
    qos,
    onSubscribed: ({ member }, lower) => told.push(`subscribed ${member.filters} lower ${lower}`),
    onRefused: ({ member }) => told.push(`refused ${member.filters}`),
    onGone: ({ member }) => told.push(`gone ${member.filters}`),
  });
  const next = async () => {
    while (waiting.length === 0) await new Promise<void>((resolve) => tell = resolve);
    return waiting.shift()!;
  };
  return {
    subscriptions,
    asked,
    told,
    /** Answer the next question; `meanwhile` happens after it was asked. */
    async answer(lower: string[] = [], meanwhile = () => {}) {
      const question = await next();
      meanwhile();
      question.resolve(lower);
    },
    refuse: async (error: unknown) => (await next()).reject(error),
    /** Every question has its answer, and nothing is asked any more. */
    done: () => subscriptions.closed(),
  };
}

const entryOf = (...filters: string[]) => new MqttEntry(new FakeMember(filters));
const lost = () => fail("not_connected", "Lost it");

Deno.test("MqttSubscriptions.add() subscribes, and tells what is given at less", async () => {
  const { subscriptions, told, answer, done } = start(1);
  const entry = entryOf("a", "b");
  subscriptions.add(entry);
  await answer(["b"]);
  await done();
  assertEquals([told, entry.subscribed, entry.unanswered], [["subscribed a,b lower b"], true, 0]);
});

Deno.test("MqttSubscriptions.add() gives up what an earlier run had", async () => {
  const { subscriptions, asked, answer, done } = start(1);
  const entry = entryOf("a");
  (entry.member as FakeMember).stale.push("old");
  subscriptions.add(entry);
  await answer();
  await answer();
  await done();
  assertEquals(asked, ["unsubscribe old", "subscribe a"]);
});

Deno.test("MqttSubscriptions.remove() at QoS 1 asks again until nothing came between two answers", async () => {
  const { subscriptions, asked, told, answer, done } = start(1);
  const entry = entryOf("a");
  subscriptions.remove(entry);
  await answer();
  // What the broker had queued comes after its answer.
  await answer([], () => entry.count = 20);
  await answer([], () => entry.count = 25);
  await answer([], () => assertEquals(told, []));
  await done();
  assertEquals([told, asked.length], [["gone a"], 4]);
});

Deno.test("MqttSubscriptions.remove() at QoS 0 asks once", async () => {
  const { subscriptions, asked, told, answer, done } = start(0);
  const entry = entryOf("a");
  subscriptions.remove(entry);
  await answer();
  await done();
  assertEquals([told, asked], [["gone a"], ["unsubscribe a"]]);
});

Deno.test("MqttSubscriptions tells nothing of what a lost connection leaves open", async () => {
  const { subscriptions, told, refuse, done } = start(1);
  const [joins, leaves] = [entryOf("a"), entryOf("b")];
  leaves.leaving = true;
  subscriptions.restore([joins, leaves]);
  await refuse(lost());
  await refuse(lost());
  await done();
  assertEquals([told, joins.unanswered, joins.subscribed], [[], 1, false]);
});

Deno.test("MqttSubscriptions.restore() asks for suspects one by one, after the others", async () => {
  const { subscriptions, asked, answer, refuse, done } = start(1);
  const [first, second, third] = [entryOf("a"), entryOf("b"), entryOf("c")];
  first.unanswered = second.unanswered = third.unanswered = 1;
  const session = entryOf("d");
  session.subscribed = true;
  subscriptions.restore([first, second, third, session, entryOf("e")]);
  await answer();
  await answer();
  await refuse(lost());
  await done();
  // The third is not asked for on a connection that is lost.
  assertEquals(asked, ["subscribe e", "subscribe a", "subscribe b"]);
  assertEquals([first.unanswered, second.unanswered, third.unanswered], [0, 2, 1]);
});
