import { assertEquals, assertStringIncludes } from "@std/assert";
import { connectPublisher, startMosquitto } from "../fakes/mod.ts";
import { type Base, kuiper, makeBase } from "./_kuiper.ts";
import { ANY_PORT, serve } from "./_server.ts";
import { mqttTest } from "./_mqtt.ts";

function baseFor(broker: { url: string }): Promise<Base> {
  return makeBase({
    "etc/kuiper.yaml": ANY_PORT,
    "etc/mqtt_source.yaml": `default:\n  server: ${broker.url}\n  qos: 1\n`,
  });
}

const STREAM = { sql: 'CREATE STREAM plant () WITH (DATASOURCE="plant/#")' };

const payload = (i: number) => JSON.stringify({ i, temperature: i % 2 === 0 ? 60 : 20 });

mqttTest("query: a statement against the server, and without one", async () => {
  await using broker = await startMosquitto();
  await using base = await baseFor(broker);
  await using publisher = await connectPublisher(broker.url);
  const create = ["query", STREAM.sql];
  assertEquals((await kuiper(create, { cwd: base.path })).code, 0);
  const query = ["query", "SELECT i FROM plant WHERE temperature > 50", "--limit", "2"];
  const feed = async (asked: Promise<{ code: number; stdout: string; stderr: string }>) => {
    let done = false;
    const outcome = asked.finally(() => done = true);
    // Bounded; what was sent before it subscribed is not kept.
    for (let i = 0; i < 200 && !done; i++) {
      await publisher.publish("plant/a", payload(i), { qos: 1 });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return await outcome;
  };
  for (const served of [false, true]) {
    await using server = served ? await serve({ cwd: base.path }) : undefined;
    const { code, stdout, stderr } = await feed(kuiper(query, { cwd: base.path }));
    assertEquals(code, 0, stderr);
    assertEquals(stdout.trimEnd().split("\n").map((line) => Object.keys(JSON.parse(line))), [
      ["i"],
      ["i"],
    ]);
    const plan = await kuiper(["query", "EXPLAIN SELECT i FROM plant"], { cwd: base.path });
    assertEquals(plan.code, 0, plan.stderr);
    assertStringIncludes(plan.stdout, "plant");
    const commented = "/* how */ EXPLAIN -- it would run\nSELECT i FROM plant";
    assertEquals((await kuiper(["query", commented], { cwd: base.path })).stdout, plan.stdout);
    const wrong = await kuiper(["query", "SELEC i FROM plant"], { cwd: base.path });
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.stderr, 'No statement begins with "selec", did you mean "select"?');
    void server;
  }
});
