import { assertEquals, assertMatch } from "@std/assert";
import { MqttPool } from "../../../src/connection/mod.ts";
import { endOfTurn, KuiperError } from "../../../src/core/mod.ts";
import { Backoff } from "../../../src/flow/mod.ts";
import { connectPublisher, HeldClock, startFakeBroker } from "../../fakes/mod.ts";
import { FakeMember, request, type RequestChange } from "./_mqtt_member.ts";

/** Members that have joined, and leave at the end. */
function joined(
  pool: MqttPool,
  server: string,
  { filters, ...changed }: RequestChange & { filters: readonly string[][] },
) {
  const members = filters.map((some) => {
    const member = new FakeMember(some);
    return { member, membership: pool.join(request(server, changed), member) };
  });
  return {
    members: members.map(({ member }) => member),
    memberships: members.map(({ membership }) => membership),
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map(({ membership }) => membership.leave()));
    },
  };
}

// -- Who shares --

Deno.test("MqttPool.join() gives streams with disjoint topics one client, and each its own messages", async (t) => {
  for (const qos of [0, 1] as const) {
    await t.step(`QoS ${qos}`, async () => {
      await using broker = await startFakeBroker();
      const pool = new MqttPool();
      const filters = Array.from({ length: 20 }, (_, i) => [`plant/${i}/+`, `other/${i}`]);
      await using all = joined(pool, broker.url, { filters, qos });
      for (const member of all.members) await member.told(/^connected/);
      for (let i = 0; i < 20; i++) await broker.publish(`plant/${i}/a`, `${i}`, qos);
      for (let i = 0; i < 20; i++) await broker.publish(`other/${i}`, `o${i}`, qos);
      for (const member of all.members) await member.until(() => member.texts.length >= 2);
      assertEquals(all.members.map(({ texts }) => texts), filters.map((_, i) => [`${i}`, `o${i}`]));
      assertEquals([broker.accepted, pool.size], [1, 1]);
    });
  }
});

Deno.test("MqttPool.join() tells a stream with how many others it shares the client", async () => {
  await using broker = await startFakeBroker();
  await using all = joined(new MqttPool(), broker.url, { filters: [["a"]] });
  assertMatch(await all.members[0]!.told(/^connected/), /subscribed to a$/);
  const pool = new MqttPool();
  await using two = joined(pool, broker.url, { filters: [["a"], ["b"]] });
  await two.members[0]!.told(/^connected/);
  assertMatch(
    await two.members[1]!.told(/^connected/),
    /subscribed to b; shares the client kuiper-test-\w+ with 1 other stream$/,
  );
});

Deno.test("MqttPool.join() makes a client for who would connect otherwise, or wants its own", async () => {
  await using broker = await startFakeBroker();
  const pool = new MqttPool();
  const changes: RequestChange[] = [
    {},
    { qos: 0 },
    { forgetSession: false },
    { shared: false },
    { connection: { username: "u", password: "p" } },
    { connection: { username: "u", password: "q" } },
    { connection: { keepAliveMs: 30_000 } },
    { connection: { tls: { insecureSkipVerify: true } } },
  ];
  const members = changes.map((change, i) => {
    const member = new FakeMember([`${i}`]);
    return { member, membership: pool.join(request(broker.url, change), member) };
  });
  for (const { member } of members) {
    assertMatch(await member.told(/^connected/), /subscribed to \d$/);
  }
  assertEquals([broker.sockets.size, pool.size], [8, 7]);
  await Promise.all(members.map(({ membership }) => membership.leave()));
  assertEquals(pool.size, 0);
});

Deno.test("MqttPool.join() makes another client where topics overlap: each message comes once to each", async () => {
  await using broker = await startFakeBroker();
  const pool = new MqttPool();
  const filters = [["plant/#"], ["plant/a"], ["other"], ["plant/+"]];
  await using all = joined(pool, broker.url, { filters });
  for (const member of all.members) await member.told(/^connected/);
  assertEquals(broker.sockets.size, 3);
  await broker.publish("plant/a", "a", 1);
  await broker.publish("plant/b", "b", 1);
  await broker.publish("plant", "last", 1);
  await broker.publish("other", "other", 1);
  const expected = [["a", "b", "last"], ["a"], ["other"], ["a", "b"]];
  for (const [i, member] of all.members.entries()) {
    await member.until(() => member.texts.length >= expected[i]!.length);
  }
  assertEquals(all.members.map(({ texts }) => texts), expected);
});

Deno.test("MqttPool.join() brings the retained messages once to each stream, also to one that comes later", async () => {
  await using broker = await startFakeBroker();
  await using publisher = await connectPublisher(broker.url);
  for (const topic of ["a", "b"]) {
    await publisher.publish(topic, `kept ${topic}`, { retain: true });
  }
  const pool = new MqttPool();
  await using first = joined(pool, broker.url, { filters: [["a"]] });
  await first.members[0]!.until(() => first.members[0]!.texts.length > 0);
  await using second = joined(pool, broker.url, { filters: [["b"]] });
  await second.members[0]!.until(() => second.members[0]!.texts.length > 0);
  for (const topic of ["a", "b"]) await publisher.publish(topic, `new ${topic}`);
  for (const { members: [member] } of [first, second]) {
    await member!.until(() => member!.texts.length >= 2);
  }
  assertEquals(first.members[0]!.texts, ["kept a", "new a"]);
  assertEquals(second.members[0]!.texts, ["kept b", "new b"]);
});

// -- Refuse --

Deno.test("MqttPool.join() ends the member whose subscription is refused, and no other", async () => {
  await using broker = await startFakeBroker({ authorizeSubscribe: (filter) => filter !== "no" });
  const filters = [["a"], ["yes", "no"], ["b"]];
  await using all = joined(new MqttPool(), broker.url, { filters });
  const [a, refused, b] = all.members;
  const error = await all.memberships[1]!.closed;
  assertMatch((error as KuiperError).message, /refused the subscription to "no"/);
  await a!.told(/^connected/);
  await b!.told(/^connected/);
  await all.memberships[1]!.leave();
  assertEquals(broker.unsubscribed.includes("yes"), true);
  await broker.publish("yes", "for nobody", 1);
  await broker.publish("b", "1", 1);
  await b!.until(() => b!.texts.length > 0);
  assertEquals([broker.accepted, refused!.texts], [1, []]);
});

Deno.test("MqttPool.join() ends all members with the same sentence when the password is refused", async () => {
  await using broker = await startFakeBroker({ authenticate: () => 4 });
  const filters = [["a"], ["b"]];
  const pool = new MqttPool();
  await using all = joined(pool, broker.url, {
    filters,
    connection: { username: "ana", password: "wr0ng" },
  });
  const errors = await Promise.all(all.memberships.map(({ closed }) => closed));
  const sentence = `${broker.url} refused the password of user "ana": check username and password`;
  assertEquals(errors.map((error) => (error as Error).message), [sentence, sentence]);
  assertEquals(pool.size, 0);
});

Deno.test("MqttPool.join() moves a member out on whose topic the broker hangs up, and keeps the others", async () => {
  await using broker = await startFakeBroker({ hangUpOn: (filter) => filter === "poison" });
  const filters = [["a"], ["poison"], ["b"]];
  await using all = joined(new MqttPool(), broker.url, { filters });
  const [a, poison, b] = all.members;
  await poison!.until(() => poison!.moves.length > 0);
  assertEquals(poison!.moves, [["unanswered", 2]]);
  await all.memberships[1]!.leave({ deliver: true });
  await b!.told(/^connected/);
  await broker.publish("a", "1", 1);
  await broker.publish("b", "2", 1);
  await a!.until(() => a!.texts.length > 0);
  await b!.until(() => b!.texts.length > 0);
  assertEquals([a!.moves, b!.moves, broker.sockets.size], [[], [], 1]);
});

// -- Leave --

Deno.test("MqttMembership.leave() unsubscribes, and what comes later is nobody's", async (t) => {
  for (const qos of [0, 1] as const) {
    await t.step(`QoS ${qos}`, async () => {
      await using broker = await startFakeBroker();
      const pool = new MqttPool();
      await using all = joined(pool, broker.url, { filters: [["a"], ["b"]], qos });
      const [a, b] = all.members;
      for (const member of all.members) await member.told(/^connected/);
      await all.memberships[0]!.leave();
      assertEquals(await all.memberships[0]!.closed, undefined);
      assertEquals(new Set(broker.unsubscribed), new Set(["a"]));
      await broker.publish("a", "for nobody", qos);
      await broker.publish("b", "1", qos);
      await b!.until(() => b!.texts.length > 0);
      assertEquals([a!.texts, b!.texts, broker.sockets.size], [[], ["1"], 1]);
      // Its topics are free again, on the same client.
      await using again = joined(pool, broker.url, { filters: [["a"]], qos });
      await again.members[0]!.told(/^connected/);
      await broker.publish("a", "2", qos);
      await again.members[0]!.until(() => again.members[0]!.texts.length > 0);
      assertEquals([again.members[0]!.texts, broker.accepted], [["2"], 1]);
    });
  }
});

Deno.test("MqttMembership.leave() of the last one closes the client and has the session forgotten", async () => {
  await using broker = await startFakeBroker();
  const pool = new MqttPool();
  const connection = { clientId: "me" };
  {
    await using all = joined(pool, broker.url, { filters: [["a"], ["b"]], connection });
    for (const member of all.members) await member.told(/^connected/);
    await all.memberships[0]!.leave();
    assertEquals(pool.size, 1);
  }
  assertEquals(pool.size, 0);
  await broker.publish("b", "for nobody", 1);
  // Whoever has its name now finds no session.
  await using later = joined(pool, broker.url, { filters: [["c"]], connection });
  await later.members[0]!.told(/^connected/);
  await broker.publish("c", "1", 1);
  await later.members[0]!.until(() => later.members[0]!.texts.length > 0);
  assertEquals(later.members[0]!.texts, ["1"]);
});

Deno.test("MqttMembership.leave() acknowledges the message that the member holds", async () => {
  await using broker = await startFakeBroker();
  await using all = joined(new MqttPool(), broker.url, { filters: [["a"], ["b"]] });
  const [a, b] = all.members;
  for (const member of all.members) await member.told(/^connected/);
  a!.full = true;
  await broker.publish("a", "held", 1);
  await broker.publish("b", "behind it", 1);
  await a!.until(() => a!.holding);
  assertEquals(b!.texts, []);
  await all.memberships[0]!.leave();
  await b!.until(() => b!.texts.length > 0);
  assertEquals([a!.texts, b!.texts], [[], ["behind it"]]);
});

Deno.test("MqttMembership.leave() does not wait for a broker that is away, which hears of it later", async () => {
  let answer = 0;
  await using broker = await startFakeBroker({ authenticate: () => answer });
  const clock = new HeldClock();
  const pool = new MqttPool();
  await using all = joined(pool, broker.url, { filters: [["a"], ["b"]], clock });
  const [a, b] = all.members;
  for (const member of all.members) await member.told(/^connected/);
  answer = 3;
  broker.dropClients();
  await b!.told(/^disconnected: Lost/);
  const leaving = all.memberships[0]!.leave();
  clock.run();
  await leaving;
  await broker.publish("a", "for nobody", 1);
  answer = 0;
  await b!.told(/^connected/);
  while (!broker.unsubscribed.includes("a")) await new Promise<void>(endOfTurn);
  await broker.publish("b", "1", 1);
  await b!.until(() => b!.texts.length > 0);
  assertEquals([a!.texts, b!.texts, pool.size], [[], ["1"], 1]);
});

Deno.test("MqttPool has no more clients after 1,000 streams have come and gone", async () => {
  await using broker = await startFakeBroker();
  const pool = new MqttPool();
  await using _stays = joined(pool, broker.url, { filters: [["stays"]] });
  for (let i = 0; i < 1000; i++) {
    const member = new FakeMember([`t/${i % 7}`]);
    const membership = pool.join(request(broker.url), member);
    await member.told(/^connected/);
    await membership.leave();
  }
  assertEquals([broker.accepted, pool.size], [1, 1]);
});

// -- Lose --

Deno.test("MqttPool tells every member of a lost connection, and all come back", async (t) => {
  for (const qos of [0, 1] as const) {
    await t.step(`QoS ${qos}`, async () => {
      await using broker = await startFakeBroker();
      const filters = [["a"], ["b"], ["c/#"]];
      await using all = joined(new MqttPool(), broker.url, { filters, qos });
      for (const member of all.members) await member.told(/^connected/);
      broker.dropClients();
      // Kept at QoS 1 for who is away.
      await broker.publish("a", "meanwhile", 1);
      for (const member of all.members) {
        await member.told(/^disconnected: Lost tcp:.*it closed the connection; trying again in/);
        await member.told(/^connected/);
      }
      for (const topic of ["a", "b", "c/x"]) await broker.publish(topic, topic, qos);
      for (const member of all.members) await member.until(() => member.texts.at(-1)! > "");
      const [a] = all.members;
      await a!.until(() => a!.texts.at(-1) === "a");
      assertEquals(a!.texts, qos === 1 ? ["meanwhile", "a"] : ["a"]);
      assertEquals(all.members.slice(1).map(({ texts }) => texts), [["b"], ["c/x"]]);
      assertEquals([broker.accepted, broker.sockets.size], [2, 1]);
    });
  }
});

Deno.test("MqttPool.join() does not wait for an attempt that is far away", async () => {
  const absent = await startFakeBroker();
  const { port, url } = absent;
  await absent[Symbol.asyncDispose]();
  const pool = new MqttPool();
  const backoff = new Backoff({ firstMs: 3_600_000, maxMs: 3_600_000, jitter: 0 });
  await using first = joined(pool, url, { filters: [["a"]], backoff });
  await first.members[0]!.told(/^disconnected: .*trying again in 60 min/);
  await using broker = await startFakeBroker({ port });
  await using second = joined(pool, broker.url, { filters: [["b"]] });
  await second.members[0]!.told(/^disconnected: .*trying again in 60 min/);
  for (const { members: [member] } of [first, second]) await member!.told(/^connected/);
  assertEquals(broker.accepted, 1);
});

// -- Pressure --

Deno.test("MqttPool moves out a member that holds up the others for too long", async () => {
  await using broker = await startFakeBroker();
  const clock = new HeldClock();
  await using all = joined(new MqttPool(), broker.url, { filters: [["a"], ["b"], ["c"]], clock });
  const [a, b] = all.members;
  for (const member of all.members) await member.told(/^connected/);
  a!.full = true;
  await broker.publish("a", "held", 1);
  await broker.publish("b", "behind it", 1);
  assertEquals(await clock.asleep(), 1000);
  assertEquals([b!.texts, a!.moves], [[], []]);
  await clock.wake();
  await a!.until(() => a!.moves.length > 0);
  assertEquals(a!.moves, [["held_up", 2]]);
  a!.release();
  await b!.until(() => b!.texts.length > 0);
  assertEquals(a!.texts, ["held"]);
});

Deno.test("MqttPool never moves out a member that is alone: it hangs up when that one stalls", async () => {
  await using broker = await startFakeBroker();
  const clock = new HeldClock();
  await using all = joined(new MqttPool(), broker.url, { filters: [["a"], ["b"]], clock });
  const [a] = all.members;
  for (const member of all.members) await member.told(/^connected/);
  await all.memberships[1]!.leave();
  a!.full = true;
  await broker.publish("a", "held", 1);
  await a!.until(() => a!.holding);
  await clock.wake();
  all.memberships[0]!.stalled();
  await a!.told(/^disconnected: .*: the buffer was full for more than 30 s, the broker keeps/);
  assertEquals(a!.moves, []);
  a!.release();
  await a!.told(/^connected/);
  await a!.until(() => a!.texts.length > 0);
  assertEquals(a!.texts, ["held"]);
});

Deno.test("MqttPool.join() does not go to a client that somebody holds up", async () => {
  await using broker = await startFakeBroker();
  const pool = new MqttPool();
  await using first = joined(pool, broker.url, { filters: [["a"]] });
  const [a] = first.members;
  await a!.told(/^connected/);
  a!.full = true;
  await broker.publish("a", "held", 1);
  await a!.until(() => a!.holding);
  await using second = joined(pool, broker.url, { filters: [["b"]] });
  await second.members[0]!.told(/^connected/);
  assertEquals([broker.sockets.size, pool.size], [2, 2]);
});
