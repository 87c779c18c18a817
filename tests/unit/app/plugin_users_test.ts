import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { App } from "../../../src/app.ts";
import { KuiperError, silentLogger } from "../../../src/core/mod.ts";
import { openStore } from "../../../src/store/mod.ts";
import { startModuleServer } from "../../fakes/mod.ts";

const ROUTES = {
  "/doubled.js": `export function doubled(x) { return 2 * x; }`,
  "/shout.js": `export default { configure() {}, collect() {} };`,
  "/weather.js": `export default class { configure() {} async *open() {} }`,
};

/** An application with a plugin of each kind, and definitions that this version stored and another one. */
async function withStored(
  { rules = {}, streams = {} }: { rules?: object; streams?: Record<string, string> },
  work: (app: App) => Promise<void>,
): Promise<void> {
  await using server = await startModuleServer({ routes: ROUTES });
  const base = await Deno.makeTempDir({ prefix: "kuiper_users_" });
  try {
    {
      await using app = await App.open({ base, env: {}, log: silentLogger });
      for (
        const [of, name] of [
          ["function", "doubled"],
          ["sink", "shout"],
          ["source", "weather"],
        ] as const
      ) await app.installPlugin({ of, name, url: server.url(`/${name}.js`), replace: false });
    }
    {
      await using store = await openStore(`${base}/data`, { owner: "test" });
      for (const [name, statement] of Object.entries(streams)) {
        store.streams.put({ name, statement, created: 1 });
      }
      for (const [id, definition] of Object.entries(rules)) {
        const times = { created: 1, updated: 1 };
        const text = JSON.stringify(definition);
        store.rules.add({ id, definition: text, stream: "s", wanted: "stopped", ...times });
      }
    }
    await using app = await App.open({ base, env: {}, log: silentLogger });
    await work(app);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

const rule = (sql: string, action: object) => ({ sql, actions: [action] });

Deno.test("usersOf() finds the rules of a sink and a function and the streams of a source", async () => {
  const rules = {
    calls: rule("SELECT doubled(a) AS b FROM s", { log: {} }),
    sends: rule("SELECT * FROM s", { shout: {} }),
  };
  const streams = { w: 'CREATE STREAM w () WITH (TYPE="weather")' };
  await withStored({ rules, streams }, async (app) => {
    for (
      const [name, said] of [
        ["doubled", 'Plugin "doubled" is used by rule "calls": drop it first'],
        ["shout", 'Plugin "shout" is used by rule "sends": drop it first'],
        ["weather", 'Plugin "weather" is used by stream "w": drop it first'],
      ] as const
    ) await assertRejects(() => app.removePlugin(name), KuiperError, said);
    const { streams, rules, unreadable } = await app.describePlugin("doubled");
    assertEquals([streams, rules, unreadable], [[], ["calls"], undefined]);
  });
});

Deno.test("usersOf() names what another version stored, which keeps no plugin from being removed", async () => {
  const rules = {
    newer: { ...rule("SELECT * FROM s", { shout: {} }), quantum: true },
    window: rule("SELECT doubled(FROM s", { log: {} }),
  };
  const streams = { w: "CREATE STREAM w () WITH (FUTURE=1)" };
  await withStored({ rules, streams }, async (app) => {
    const described = await app.describePlugin("shout");
    assertEquals(described.rules, []);
    assertMatch(
      described.unreadable!.join("\n"),
      /^rule "newer" cannot be read, and whether it uses "shout" is not known: .*quantum/,
    );
    const sink = await app.removePlugin("shout");
    assertEquals(sink.map((text) => /^\w+ "(\w+)"/.exec(text)![1]), ["newer"]);
    const called = await app.removePlugin("doubled");
    assertEquals(called.map((text) => /^\w+ "(\w+)"/.exec(text)![1]), ["newer", "window"]);
    assertMatch((await app.removePlugin("weather"))[0]!, /^stream "w" cannot be read/);
    assertEquals((await app.listPlugins()).filter(({ kind }) => kind === "url"), []);
  });
});
