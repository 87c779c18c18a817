/** What `kuiper plugin new` writes passes `kuiper plugin check` as it is, and works in a rule of the binary. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryTest, kuiper, makeBase } from "./_kuiper.ts";
import { ANY_PORT, serve } from "./_server.ts";

const TICK = `export default class {
  configure() {}
  async *open() {
    for (let v = 90;; v += 20) {
      yield { message: { v } };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
`;

binaryTest(
  "kuiper plugin new writes a sink and a function that pass plugin check and work in a rule",
  async () => {
    await using base = await makeBase({
      "etc/kuiper.yaml": ANY_PORT,
      "plugins/sources/tick.js": TICK,
    });
    const call = (...args: string[]) => kuiper(args, { cwd: base.path });
    for (const [name, kind] of [["mySink", "sink"], ["clamp", "function"]] as const) {
      const made = await call("plugin", "new", name, `--kind=${kind}`);
      assertEquals(made.code, 0, made.stderr);
      assertStringIncludes(made.stderr, `next: kuiper plugin check ${name}`);
    }
    const sink = await call("plugin", "check", "mySink", "--props", '{"prefix": "saw"}');
    assertEquals(sink.code, 0, sink.stdout + sink.stderr);
    for (
      const step of "find load export configure open single array several close".split(" ")
    ) assertMatch(sink.stdout, new RegExp(`^ok +${step}`, "m"));
    assertStringIncludes(sink.stdout, "etc/sinks/mySink.yaml; grant: none");
    assertMatch(sink.stderr, /saw \{"whole":42,"large":"9007199254740993"/);
    const clamp = await call("plugin", "check", "plugins/functions/clamp.ts");
    assertEquals(clamp.code, 0, clamp.stdout + clamp.stderr);
    for (const step of "find load export call null again batch".split(" ")) {
      assertMatch(clamp.stdout, new RegExp(`^ok +${step}`, "m"));
    }
    const called = await call("plugin", "check", "clamp", "--args", "[150, 0, 120]");
    assertMatch(called.stdout, /clamp\(150, 0, 120\) = 120/);
    const again = await call("plugin", "new", "Clamp", "--kind=function");
    assertEquals(again.code, 2);

    await using server = await serve({ cwd: base.path });
    const stream = { sql: 'CREATE STREAM t () WITH (TYPE="tick")' };
    assertEquals((await server.ask("POST", "/streams", { body: stream })).status, 201);
    const rule = {
      id: "r1",
      sql: "SELECT clamp(v, 0, 120) AS c FROM t",
      actions: [{ mySink: { sendSingle: true, resourceId: "democonf" } }],
    };
    const created = await server.ask("POST", "/rules", { body: rule });
    assertEquals(created.status, 201, created.text);
    await server.running.said(/r1 sink_mySink_0: demo \{"c":90\}$/);
    await server.running.said(/r1 sink_mySink_0: demo \{"c":120\}$/);
  },
);
