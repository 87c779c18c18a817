import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import fc from "fast-check";
import { App } from "../../../src/app.ts";
import { type PreparedSink, type SinkPlugins, Sinks } from "../../../src/app/sinks.ts";
import { resolveBase, Secrets } from "../../../src/config/mod.ts";
import { DEFAULT_RESTART } from "../../../src/config/plugin_entry.ts";
import { createLogger, KuiperError } from "../../../src/core/mod.ts";
import type { RuleAction } from "../../../src/rule/mod.ts";
import { HeldClock } from "../../fakes/mod.ts";
import { stream } from "./_app.ts";

const COUNTS = `export class Counts {
  configure() {}
  async *open(ctx) {
    for (let n = 0; n < 3; n++) yield { message: { n } };
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  }
}`;
const NOTICE = await Deno.readTextFile(
  new URL("../../../plugins/sinks/notice.ts", import.meta.url),
);

/** An application with the sink `notice`; `line` resolves with the first line of the log that has a text. */
async function withSink(
  work: (app: App, line: (text: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const base = await Deno.makeTempDir({ prefix: "kuiper_sinks_" });
  const lines: string[] = [];
  const waiting = new Map<string, (line: string) => void>();
  try {
    await Deno.mkdir(`${base}/plugins/sources`, { recursive: true });
    await Deno.mkdir(`${base}/plugins/sinks`, { recursive: true });
    await Deno.writeTextFile(`${base}/plugins/sources/Counts.ts`, COUNTS);
    await Deno.writeTextFile(`${base}/plugins/sinks/notice.ts`, NOTICE);
    await using app = await App.open({
      base,
      env: {},
      log: createLogger((line) => {
        lines.push(line);
        for (const [text, resolve] of waiting) if (line.includes(text)) resolve(line);
      }, { level: "info" }),
    });
    await app.createStream(stream("counts"));
    await work(app, (text) =>
      new Promise((resolve) => {
        const found = lines.find((line) => line.includes(text));
        if (found !== undefined) resolve(found);
        else waiting.set(text, resolve);
      }));
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

/** Put a sink there that runs in a process which is ended when its code never waits. */
async function writeSpins({ base: { base, plugins, etc } }: App, code: string, restart: string) {
  await Deno.writeTextFile(`${plugins}/sinks/spins.js`, code);
  await Deno.mkdir(`${base}/etc`, { recursive: true });
  await Deno.writeTextFile(
    `${etc}/plugins.yaml`,
    "plugins:\n  spins:\n    isolation: process\n    limits: {watchdog: 300ms}\n" +
      `    restart: ${restart}\n`,
  );
}

const rule = (sink: string, props: object) => ({
  id: "r1",
  sql: "SELECT n * 10 AS m FROM counts_s WHERE n > 1",
  actions: [{ [sink]: props }],
});

Deno.test("Sinks run the sink of a plugin in an isolate", async () => {
  await withSink(async (app, line) => {
    await app.startRules();
    await (await app.rules).create(rule("notice", { level: "warn" }));
    assertStringIncludes(await line('{"m":20}'), "r1 sink_notice_0");
  });
});

Deno.test("Sinks end a rule whose plugin refuses its properties, with its words", async () => {
  await withSink(async (app, line) => {
    await app.startRules();
    await (await app.rules).create(rule("notice", { level: "loud" }));
    assert((await line("level is one of debug, info, warn, error")).includes("r1"));
  });
});

Deno.test("Sinks hold a rule to the properties of the manifest, beside those that every sink has", async () => {
  await withSink(async (app, line) => {
    await Deno.writeTextFile(
      `${app.base.plugins}/sinks/shout.js`,
      `export const manifest = { contract: 1, properties: { type: "object",
         additionalProperties: false, properties: { word: { type: "string" } } } };
       export class Shout { takes = "rows"; configure() {}
         collect(items, ctx) { for (const { message } of items) ctx.log.info(JSON.stringify(message)); } }`,
    );
    await app.startRules();
    const rules = await app.rules;
    await rules.create(rule("shout", { word: 7 }));
    assertStringIncludes(await line('"word" is 7'), "r1");
    await rules.create({ ...rule("shout", { word: "hey", sendSingle: true }), id: "r2" });
    assertStringIncludes(await line('{"m":20}'), "r2 sink_shout_0");
  });
});

Deno.test("Sinks do not run the regular expression of a plugin's manifest", async () => {
  await withSink(async (app, line) => {
    await Deno.writeTextFile(
      `${app.base.plugins}/sinks/shout.js`,
      `export const manifest = { contract: 1, properties: { properties: { word: { pattern: "^(a+)+$" } } } };
       export class Shout { takes = "rows"; configure() {} collect() {} }`,
    );
    await app.startRules();
    const rules = await app.rules;
    await rules.create(rule("shout", { word: `${"a".repeat(60)}!` }));
    assertStringIncludes(
      await line('Cannot load sink "shout"'),
      'in the "properties" of its manifest, schema.word uses the keyword "pattern", which no plugin\'s schema may have',
    );
  });
});

Deno.test("Sinks take the host of a grant from etc/sinks, and not from the rule", async () => {
  await withSink(async (app, line) => {
    const { base, plugins, etc } = app.base;
    await Deno.writeTextFile(
      `${plugins}/sinks/reach.js`,
      `export class Reach { takes = "rows"; configure({ host }) { this.host = host; }
         async collect(items, ctx) {
           const said = await fetch("http://" + this.host).catch((error) => error);
           ctx.log.info("reached " + this.host + ": " + (said instanceof Response ? said.status : said.name));
         } }`,
    );
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("yes"),
    );
    const allowed = `127.0.0.1:${server.addr.port}`;
    await Deno.mkdir(`${base}/etc/sinks`, { recursive: true });
    await Deno.writeTextFile(`${etc}/sinks/reach.yaml`, `default:\n  host: "${allowed}"\n`);
    await Deno.writeTextFile(
      `${etc}/plugins.yaml`,
      'plugins:\n  reach:\n    permissions:\n      net: ["${host}"]\n',
    );
    await app.startRules();
    const rules = await app.rules;
    await rules.create(rule("reach", {}));
    await line(`reached ${allowed}: 200`);
    await rules.create({ ...rule("reach", { host: "127.0.0.1:18765" }), id: "r2" });
    await line("reached 127.0.0.1:18765: NotCapable");
  });
});

Deno.test("Sinks refuse a grant that only a rule could fill in, however it says it", async () => {
  await withSink(async (app, line) => {
    const { base, plugins, etc } = app.base;
    const sink = `export default class { takes = "rows"; configure() {} collect() {} }`;
    await Deno.mkdir(`${base}/etc/sinks`, { recursive: true });
    const grants = {
      reach: "net: ['${host}']",
      peek: "read: ['${path}']",
      spill: "write: ['${path}']",
    };
    let yaml = "plugins:\n";
    for (const [name, grant] of Object.entries(grants)) {
      await Deno.writeTextFile(`${plugins}/sinks/${name}.js`, sink);
      yaml += `  ${name}:\n    permissions:\n      ${grant}\n`;
    }
    await Deno.writeTextFile(`${etc}/plugins.yaml`, yaml);
    await Deno.writeTextFile(`${etc}/sinks/spill.yaml`, "default: {}\nplant: {level: 1}\n");
    await app.startRules();
    const rules = await app.rules;
    const refused = async (id: string, type: string, props: object) => {
      await rules.create({ ...rule(type, props), id });
      const said = await line(`${id}: ${etc}/plugins.yaml:`);
      assertStringIncludes(
        said,
        `cannot be filled in, the configuration of "${type.toLowerCase()}" has`,
      );
    };
    await refused("given", "reach", { host: "127.0.0.1" });
    await refused("spelled", "Reach", { host: "127.0.0.1" });
    await refused("proto", "reach", JSON.parse('{"__proto__": {"host": "127.0.0.1"}}'));
    await refused("env", "reach", { host: "${env:HOME}" });
    await refused("read", "peek", { path: "/etc" });
    await refused("section", "spill", { resourceId: "plant", path: "/tmp" });
    // What a rule says of permissions are properties like any other.
    await refused("permissions", "reach", {
      permissions: { net: true },
      operatorProps: { host: "127.0.0.1" },
      isolation: "inline",
    });
  });
});

Deno.test("Sinks give a grant what etc/sinks says of the section, whatever properties a rule has", async () => {
  const base = await Deno.makeTempDir({ prefix: "kuiper_grant_" });
  try {
    await Deno.mkdir(`${base}/etc/sinks`, { recursive: true });
    const said = { default: { host: "a.b", level: "warn" }, plant: { host: "c.d" } };
    await Deno.writeTextFile(`${base}/etc/sinks/mine.yaml`, JSON.stringify(said));
    const granted: unknown[] = [];
    const hold = { permissions: {}, entry: { restart: DEFAULT_RESTART } };
    const host = { info: {}, [Symbol.asyncDispose]: () => Promise.resolve() };
    const plugins = {
      finder: { findSink: () => Promise.resolve({ kind: "file", type: "mine" }) },
      settings: {
        holdOf: (_: unknown, { operatorProps }: { operatorProps: unknown }) => {
          granted.push(operatorProps);
          return Promise.resolve(hold);
        },
      },
      isolates: {
        open: (_: unknown, options: { hold: unknown }) => {
          assertStrictEquals(options.hold, hold);
          return Promise.resolve(host);
        },
      },
    } as unknown as SinkPlugins;
    const input = { paths: resolveBase({ base, env: {} }), env: {}, secrets: new Secrets() };
    const sinks = new Sinks(input, plugins, new HeldClock());
    const key = fc.oneof(
      fc.constantFrom("host", "server", "level", "__proto__", "default"),
      fc.string(),
    );
    const props = fc.dictionary(key, fc.jsonValue()).map(({ resourceId: _, ...rest }) => rest);
    const section = fc.constantFrom(undefined, "plant" as const);
    await fc.assert(fc.asyncProperty(props, section, async (own, resourceId) => {
      granted.length = 0;
      const action = {
        type: "mine",
        props: { ...own, ...(resourceId === undefined ? {} : { resourceId }) },
      } as RuleAction;
      let prepared: PreparedSink;
      try {
        prepared = await sinks.prepare(action, "rule");
      } catch (error) {
        // A common field of a wrong kind.
        fc.pre(!(error instanceof KuiperError && error.code === "config"));
        throw error;
      }
      await using _ = await prepared.openHost(new AbortController());
      const operator = { ...said.default, ...(resourceId === undefined ? {} : said[resourceId]) };
      assertEquals(granted, [operator]);
    }));
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});

Deno.test("Sinks go on in a fresh process when theirs is ended, and lose nothing", async () => {
  await withSink(async (app, line) => {
    // Each time it is started it takes one row and then never waits for anything again.
    await writeSpins(
      app,
      `export class Spins { takes = "rows"; taken = false; configure() {}
         collect(items, ctx) {
           if (this.taken) for (;;);
           this.taken = true;
           for (const { message } of items) ctx.log.info("took " + JSON.stringify(message));
         } }`,
      "{delay: 1ms}",
    );
    await app.startRules();
    const rules = await app.rules;
    await rules.create({
      ...rule("spins", { bufferLength: 1 }),
      sql: "SELECT n FROM counts_s",
    });
    for (const n of [0, 1, 2]) await line(`took [{"n":${n}}]`);
    assertStringIncludes(
      await line("sink_spins_0: its process was ended"),
      "did not wait for anything for 0.3 s; trying again in",
    );
    const { state, ops } = rules.status("r1");
    const { metrics } = ops.at(-1)!;
    assertEquals([state, metrics.dropped_total], ["running", 0]);
    assert(metrics.exceptions_total >= 2);
    assertStringIncludes(metrics.last_exception, "its process was ended");
  });
});

Deno.test("Sinks drop the row that ends each process, with the reason, and go on with the next", async () => {
  await withSink(async (app, line) => {
    await writeSpins(
      app,
      `export class Spins { takes = "rows"; configure() {}
         collect(items, ctx) {
           for (const { message } of items) {
             if (message.n === 1) for (;;);
             ctx.log.info("took " + JSON.stringify(message));
           }
         } }`,
      "{delay: 1ms}",
    );
    await app.startRules();
    const rules = await app.rules;
    await rules.create({
      ...rule("spins", { sendSingle: true }),
      sql: "SELECT n FROM counts_s",
    });
    assertStringIncludes(
      await line("dropped an item"),
      "given up after 3 tries again that each ended the isolate: its process was ended because",
    );
    await line('took {"n":2}');
    await line('took {"n":0}');
    const { state, ops } = rules.status("r1");
    const { metrics } = ops.at(-1)!;
    assertEquals([state, metrics.dropped_total], ["running", 1]);
    assertStringIncludes(metrics.last_exception, "given up after 3 tries again");
  });
});

Deno.test("Sinks end a rule whose plugin is lost more often than its policy allows", async () => {
  await withSink(async (app, line) => {
    await writeSpins(
      app,
      `export class Spins { takes = "rows"; configure() {} collect() { for (;;); } }`,
      "{attempts: 1, delay: 1ms}",
    );
    await app.startRules();
    await (await app.rules).create(rule("spins", {}));
    const said = await line("allows to start it again once");
    assertStringIncludes(said, "actions[0].spins failed: its process was ended");
  });
});

Deno.test("Sinks refuse a type that is neither built in nor a plugin", async () => {
  await withSink(async (app) => {
    const error = await assertRejects(
      async () => await (await app.rules).create(rule("notices", {})),
      KuiperError,
    );
    assertStringIncludes(error.message, 'there is no sink "notices"');
  });
});
