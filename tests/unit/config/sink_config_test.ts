import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { checkConfig, formatFinding, loadSinkConfig } from "../../../src/config/mod.ts";
import { makeBase } from "./_base.ts";

const SHIPPED = new URL("../../../etc/", import.meta.url);

async function load(
  props: Record<string, unknown>,
  { files = {}, type = "mqtt", env = {} }: {
    files?: Record<string, string>;
    type?: string;
    env?: Record<string, string>;
  } = {},
) {
  await using base = await makeBase(files, env);
  return await loadSinkConfig({
    ...base,
    type,
    props,
    what: 'rule "r", actions[0].mqtt',
  });
}

Deno.test("loadSinkConfig() fills the common fields in", async () => {
  const { common } = await load({ topic: "t", lingerInterval: "2s" });
  assertEquals(common.sendSingle, false);
  assertEquals(common.lingerMs, 2000);
  assertEquals(common.retryCount, -1);
  assertEquals(common.bufferLength, undefined);
});

Deno.test("loadSinkConfig() overlays default, the section of resourceId and the rule", async () => {
  const files = {
    "etc/sinks/mqtt.yaml":
      "default:\n  qos: 1\n  topic: a\nplant:\n  topic: b\n  password: ${env:PW}\n  username: u\n",
  };
  const { props } = await load({ resourceId: "plant", retained: true }, {
    files,
    env: { PW: "secret" },
  });
  assertEquals(props, { qos: 1, topic: "b", password: "secret", username: "u", retained: true });
});

Deno.test("loadSinkConfig() names what is wrong, and the cure", async () => {
  const files = { "etc/sinks/mqtt.yaml": "default:\n  username: u\n  password: p\n" };
  for (
    const [props, message, options] of [
      [{ topik: "t" }, 'did you mean "topic"?', {}],
      [{ qos: 2 }, "qos", {}],
      [{ resourceId: "plnt" }, 'no section "plnt" for resourceId, write that file', {}],
      [{ passwordFile: "/etc/shadow" }, "may stand only in etc/sinks/mqtt.yaml", {}],
      [{ server: "tcp://evil:1883" }, '"server" cannot be changed while "password" comes', {
        files,
      }],
      [{ insecureSkipVerify: true }, '"insecureSkipVerify" cannot be changed while', { files }],
      [{ rootCaPath: "mine.pem" }, '"rootCaPath" cannot be changed while "password"', { files }],
    ] as const
  ) {
    await assertRejects(() => load(props, options), Error, message);
  }
});

Deno.test("loadSinkConfig() lets a rule change beside a plugin's secret only what can be no address", async () => {
  const files = {
    "etc/sinks/notice.yaml": "default:\n  level: warn\n  broker: a\n  apiKey: k\n  times: 3\n",
  };
  const options = { files, type: "notice" };
  for (const own of [{ broker: "b" }, { hostname: "b" }, { level: "a.b" }, { more: 1 }]) {
    const [name] = Object.keys(own);
    await assertRejects(
      () => load(own, options),
      Error,
      `"${name}" cannot be changed while "apiKey" comes from etc/sinks: it might be sent elsewhere`,
    );
    const { props } = await load({ ...own, apiKey: "mine" }, options);
    assertEquals(props.apiKey, "mine");
  }
  const own = { level: "info", times: 7, sendSingle: true, fields: ["a.b"], broker: "a" };
  assertEquals((await load(own, options)).props, { ...own, apiKey: "k" });
});

Deno.test("loadSinkConfig() reads the file of a sink with its first letter in either case", async () => {
  for (const name of ["Mine", "mine"]) {
    const files = { [`etc/sinks/${name}.yaml`]: "default:\n  level: warn\n" };
    const { props, files: read } = await load({}, { files, type: "mine" });
    assertEquals([props, read.map((path) => path.split("/").at(-1))], [{ level: "warn" }, [
      `${name}.yaml`,
    ]]);
  }
});

Deno.test("loadSinkConfig() does not read the environment for a rule", async () => {
  const { props } = await load({ topic: "${env:HOME}" }, { env: { HOME: "secret" } });
  assertEquals(props.topic, "${env:HOME}");
});

Deno.test("The shipped etc/sinks fit, and say the built-in defaults", async () => {
  const files: Record<string, string> = {};
  for (const { name } of Deno.readDirSync(new URL("sinks/", SHIPPED))) {
    files[join("etc", "sinks", name)] = await Deno.readTextFile(new URL(`sinks/${name}`, SHIPPED));
  }
  await using input = await makeBase(files);
  assertEquals((await checkConfig(input)).map(formatFinding), []);
  const what = "x";
  const shipped = await loadSinkConfig({ ...input, type: "log", props: {}, what });
  await using empty = await makeBase({});
  const bare = await loadSinkConfig({ ...input, paths: empty.paths, type: "log", props: {}, what });
  assertEquals(shipped.common, bare.common);
});

Deno.test("checkConfig() looks at every section of etc/sinks", async () => {
  await using base = await makeBase({
    "etc/sinks/rest.yaml": "default:\n  url: http://a/\nplant:\n  ulr: http://b/\n",
    "etc/sinks/log.yml": "default: {}\n",
  });
  const findings = await checkConfig(base);
  const said = findings.map(formatFinding).join("\n");
  assertEquals(said.includes('did you mean "plant.url"?'), true, said);
  assertEquals(said.includes("its name should be etc/sinks/log.yaml"), true, said);
});
