// Configuration, names and grants, as a user of the executable meets them.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { binaryTest, kuiper, makeBase } from "./_kuiper.ts";

/** A source that yields its properties. */
const ECHO = `
import type { Props } from "kuiper";
export class Echo {
  #props: Props = {};
  configure(_datasource: string, props: Props) { this.#props = props; }
  async *open() { yield { message: { ...this.#props } }; }
}`;
const FILES = {
  "plugins/sources/Echo.ts": ECHO,
  "etc/sources/echo.yaml": `default:
  a: 1
  b: [x]
night:
  b: {deep: true}
  secret: \${env:ECHO_SECRET}
`,
  "s.sql": `CREATE STREAM plain () WITH (TYPE="echo");
    CREATE STREAM night () WITH (TYPE="Echo", CONF_KEY="night", EXTRA='{"a": 3}', FORMAT="BINARY");`,
};

binaryTest(
  "configuration: a conf key overlays default, EXTRA both, and the environment its section",
  async () => {
    await using base = await makeBase(FILES);
    const rows = async (name: string, env: Record<string, string> = {}) => {
      const run = await kuiper(["run", "-f", "s.sql", name], { cwd: base.path, env });
      assertEquals(run.code, 0, run.stderr);
      return run.rows;
    };
    assertEquals(await rows("plain"), [{ a: 1, b: ["x"], format: "json" }]);
    assertEquals(await rows("night", { ECHO_SECRET: "s" }), [
      { a: 3, b: { deep: true }, secret: "s", format: "binary" },
    ]);
    assertEquals(
      await rows("plain", {
        ECHO__DEFAULT__A: "2.5",
        echo__default__b: "[y,1]",
        ECHO__DEFAULT__NEW: "true",
      }),
      [{ a: 2.5, b: ["y", 1], new: true, format: "json" }],
    );
  },
);

binaryTest("configuration: BOM, CRLF and symbolic links are read as what they mean", async () => {
  await using base = await makeBase({
    ...FILES,
    "real.yaml": "\ufeffdefault:\r\n  a: 9\r\n",
    "s.sql": '\ufeff-- a stream\r\nCREATE STREAM plain ()\r\nWITH (TYPE="echo",);\r\n',
    "plugins/sources/Echo.ts": `\ufeff${ECHO.replaceAll("\n", "\r\n")}`,
  });
  await Deno.remove(`${base.path}/etc/sources/echo.yaml`);
  await Deno.symlink("../../real.yaml", `${base.path}/etc/sources/echo.yaml`);
  const run = await kuiper(["run", "-f", "s.sql", "plain"], { cwd: base.path });
  assertEquals([run.code, run.rows], [0, [{ a: 9, format: "json" }]], run.stderr);
});

binaryTest(
  "configuration: --base and KUIPER_BASE say where, and looking writes nothing",
  async () => {
    await using base = await makeBase(FILES);
    await using elsewhere = await makeBase({ "s.sql": FILES["s.sql"] });
    const run = await kuiper(["run", "-f", "s.sql", "plain", "--base", base.path], {
      cwd: elsewhere.path,
    });
    assertEquals([run.code, run.rows.length], [0, 1], run.stderr);
    const env = { KUIPER_BASE: base.path, ECHO_SECRET: "s" };
    for (const args of [["show", "streams"], ["validate"], ["validate", "-f", "s.sql"]]) {
      const looked = await kuiper(args, { cwd: elsewhere.path, env });
      assertEquals(looked.code, 0, looked.stderr);
    }
    const left = [...Deno.readDirSync(elsewhere.path)].map((entry) => entry.name);
    assertEquals(left.filter((name) => name !== "s.sql"), []);
  },
);

binaryTest("names: the highest version is taken, by semver", async () => {
  const version = (v: string) => ECHO.replace("...this.#props", `v: "${v}"`);
  await using base = await makeBase({
    "etc/sources/echo.yaml": "",
    "plugins/sources/Echo@1.9.0.ts": version("1.9.0"),
    "plugins/sources/Echo@1.10.0.ts": version("1.10.0"),
  });
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  await call("create", "stream", "e", '() WITH (TYPE="echo")');
  assertEquals((await call("run", "e")).rows, [{ v: "1.10.0" }]);
  assertMatch((await call("describe", "stream", "e")).stdout, /^version +1\.10\.0$/m);
});

binaryTest("kuiper validate tells every finding once, with its place", async () => {
  await using base = await makeBase({
    ...FILES,
    "etc/kuiper.yaml": "basic:\n  debgu: true\n",
    "etc/mqtt_source.yaml": "default:\n  qos: 7\n",
    "etc/plugins.yaml": "plugins:\n  echo:\n    permissions: {net: true}\n",
    "etc/sources/echo.yaml": "default:\n  concurency: 2\ndefault:\n  a: 1\n",
    "bad.sql": 'CREATE STREAM a () WITH (TYPE="ecko");\nCREATE STREAM b (x BIGNT) WITH ();',
  });
  const { code, stdout, stderr } = await kuiper(["validate", "-f", "bad.sql"], { cwd: base.path });
  assertEquals([code, stdout], [1, ""]);
  for (
    const finding of [
      /^error: etc\/kuiper\.yaml:2:3: unknown key "basic\.debgu", did you mean "basic\.debug"/gm,
      /^error: etc\/mqtt_source\.yaml:2:8: "default\.qos" is 7/gm,
      /^error: etc\/sources\/echo\.yaml:3:1: "default" stands here for the second time/gm,
      /^warning: etc\/plugins\.yaml:3:24: "echo" is granted all of "net"/gm,
      /^error: bad\.sql:2:20: .*did you mean "BIGINT"/gm,
      /^4 errors, 1 warning$/gm,
    ]
  ) assertEquals(stderr.match(finding)?.length, 1, `${finding} in:\n${stderr}`);
});

binaryTest("kuiper describe shows the definition also when its source is not there", async () => {
  await using base = await makeBase();
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  const created = await call(
    "create",
    "stream",
    "d",
    `(n BIGINT,) WITH (TYPE="randm", EXTRA='{"password":"hunter2"}')`,
  );
  assertEquals(created.code, 0);
  assertMatch(created.stderr, /"randm" is not known.*did you mean "random"/);
  for (const args of [[], ["--json"]]) {
    const { code, stdout, stderr } = await call("describe", "stream", "d", ...args);
    assertEquals(code, 1);
    assertMatch(stdout, /CREATE STREAM d \(/);
    assertMatch(stderr, /"randm" is not known/);
    assert(!(stdout + stderr).includes("hunter2"), stdout);
  }
});

binaryTest("kuiper types prints the contract, and version what it is made of", async () => {
  await using base = await makeBase();
  const types = await kuiper(["types"], { cwd: base.path });
  const contract = new URL("../../src/contract/kuiper.d.ts", import.meta.url);
  assertEquals(types.stdout, await Deno.readTextFile(contract));
  const version = await kuiper(["version"], { cwd: base.path });
  assertMatch(version.stdout, /^kuiper +\d+\.\d+\.\d+\ndeno +\d/);
  assert(!version.stdout.includes("--allow-all"));
});

binaryTest(
  "websocket: the plugin reaches the host of its url, by its grant and no other way",
  async () => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => {
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.onopen = () => {
          for (let i = 0; i < 3; i++) socket.send(JSON.stringify({ i }));
        };
        return response;
      },
    );
    const { port } = server.addr;
    await using base = await makeBase({
      "etc/sources/websocket.yaml": `default:\n  url: ws://127.0.0.1:${port}\n`,
      "s.sql": 'CREATE STREAM w (i BIGINT) WITH (TYPE="websocket", DATASOURCE="/feed")',
    });
    const args = ["run", "-f", "s.sql", "w", "--limit", "3"];
    const run = await kuiper(args, { cwd: base.path });
    assertEquals([run.code, run.rows], [0, [{ i: 0 }, { i: 1 }, { i: 2 }]], run.stderr);
    await base.write({ "etc/plugins.yaml": "plugins: {}\n" });
    const denied = await kuiper(args, { cwd: base.path });
    assertEquals(denied.code, 1);
    assertMatch(denied.stderr, /was denied net access to "127\.0\.0\.1:\d+"/);
    assertMatch(
      denied.stderr,
      /^ {2}websocket:\n {4}permissions:\n {6}net: \["127\.0\.0\.1:\d+"\]$/m,
    );
  },
);

binaryTest("Short commands at the same moment wait for each other", async () => {
  await using base = await makeBase();
  const names = ["a", "b", "c", "d", "e", "f"];
  const outcomes = await Promise.all(
    names.map((name) => kuiper(["create", "stream", name, "() WITH ()"], { cwd: base.path })),
  );
  for (const { code, stderr } of outcomes) assertEquals(code, 0, stderr);
  const { stdout } = await kuiper(["show", "streams"], { cwd: base.path });
  for (const name of names) assertMatch(stdout, new RegExp(`^${name}\\b`, "m"));
});

binaryTest("An environment variable without a key is refused", async () => {
  await using base = await makeBase();
  const run = await kuiper(["run", "--type", "random", "-n", "1"], {
    cwd: base.path,
    env: { KUIPER__BASIC: "5" },
  });
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /environment variable KUIPER__BASIC: names no key in a section/);
});
