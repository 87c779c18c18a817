import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import {
  checkConfig,
  DEFAULT_KUIPER_CONFIG,
  embeddedEtc,
  loadKuiperConfig,
  loadPluginsConfig,
  loadSourceConfig,
  resolveBase,
  Secrets,
  showPath,
} from "../../../src/config/mod.ts";
import { KuiperError } from "../../../src/core/mod.ts";
import { makeBase } from "./_base.ts";

const ROOT = fromFileUrl(new URL("../../../", import.meta.url));

Deno.test("resolveBase() does prefer the option to the environment to the current directory", () => {
  const env = { KUIPER_BASE: "env" };
  assertEquals(resolveBase({ base: "opt", env, cwd: "/here" }).base, "/here/opt");
  assertEquals(resolveBase({ env, cwd: "/here" }).base, "/here/env");
  assertEquals(resolveBase({ base: "", env: { KUIPER_BASE: "" }, cwd: "/here" }), {
    base: "/here",
    etc: "/here/etc",
    plugins: "/here/plugins",
    data: "/here/data",
    lock: "/here/kuiper.lock",
    cwd: "/here",
  });
});

Deno.test("showPath() does shorten only what lies in the current directory", () => {
  const paths = resolveBase({ env: {}, cwd: "/here" });
  assertEquals(showPath(paths, "/here/etc/a.yaml"), "etc/a.yaml");
  assertEquals(showPath(paths, "/there/a.yaml"), "/there/a.yaml");
  assertEquals(showPath(paths, "/here"), "/here");
});

Deno.test("the shipped files have no findings and say what holds without them", async () => {
  const shipped = {
    paths: resolveBase({ base: ROOT, cwd: ROOT, env: {} }),
    env: {},
    secrets: new Secrets(),
  };
  assertEquals(embeddedEtc(), join(ROOT, "etc/"));
  assertEquals(await checkConfig(shipped), []);
  assertEquals(await loadKuiperConfig(shipped), DEFAULT_KUIPER_CONFIG);
  await using empty = await makeBase({});
  assertEquals(await loadKuiperConfig(empty), DEFAULT_KUIPER_CONFIG);
  assertEquals(await checkConfig(empty), []);
  await using blank = await makeBase({ "etc/mqtt_source.yaml": "default:\n" });
  const ours = await loadSourceConfig({ ...shipped, type: "mqtt" });
  const bare = await loadSourceConfig({ ...blank, type: "mqtt" });
  assertEquals(bare.props, ours.props);
  assertEquals(bare.common, ours.common);
});

Deno.test("loadKuiperConfig() does let the environment override the file", async () => {
  await using input = await makeBase({
    "etc/kuiper.yaml": "basic:\n  logLevel: warn\n  gracefulShutdownTimeout: 2s\n",
  }, { kuiper__Basic__GRACEFULSHUTDOWNTIMEOUT: "1m", KUIPER__PLUGINS__ALLOWUNSAFE: "true" });
  assertEquals(await loadKuiperConfig(input), {
    basic: { ...DEFAULT_KUIPER_CONFIG.basic, logLevel: "warn", gracefulShutdownTimeoutMs: 60_000 },
    plugins: {
      allowUnsafe: true,
      allowImport: [],
      tokens: {},
      trustedKeys: {},
      requireSignature: false,
    },
  });
  const debug = { ...input, env: { KUIPER__BASIC__DEBUG: "true" } };
  assertEquals((await loadKuiperConfig(debug)).basic.logLevel, "debug");
});

Deno.test("loadKuiperConfig() does throw the first finding and count the others", async () => {
  await using input = await makeBase({ "etc/kuiper.yaml": "basic: {debgu: 1, logLevel: 2}\n" });
  const error = await assertRejects(() => loadKuiperConfig(input), KuiperError);
  assertEquals(error.code, "config");
  assertEquals(
    error.message,
    'etc/kuiper.yaml:1:9: unknown key "basic.debgu", did you mean "basic.debug"? ' +
      '(and 1 more error: "kuiper validate" lists all)',
  );
});

Deno.test("a YAML error does not show a line that may hold a secret", async () => {
  await using input = await makeBase({
    "etc/mqtt_source.yaml": "default:\n  password: [geheim\nx: 1",
  });
  const error = await assertRejects(
    () => loadSourceConfig({ ...input, type: "mqtt" }),
    KuiperError,
  );
  assertStringIncludes(error.message, "etc/mqtt_source.yaml:3:");
  await using other = await makeBase({ "etc/mqtt_source.yaml": "default: {password: geheim]}" });
  const second = await assertRejects(
    () => loadSourceConfig({ ...other, type: "mqtt" }),
    KuiperError,
  );
  assert(!second.message.includes("geheim"), second.message);
});

Deno.test("loadSourceConfig() does register what is secret and mask it in messages", async () => {
  await using input = await makeBase({
    "etc/sources/a.yaml": `default:
  password: literal
  url: https://\${env:HOST}/
  db: {passwordFile: pw}
  concurrency: "\${env:HOST}"
`,
    "pw": "fromfile\r\n",
  }, { HOST: "example.org" });
  const query = { ...input, type: "a", extra: { token: "inextra" } };
  const error = await assertRejects(() => loadSourceConfig(query), KuiperError);
  assertEquals(
    error.message,
    'etc/sources/a.yaml:5:16: "default.concurrency" is "***", expected an integer from 1 to 256',
  );
  assertEquals(
    input.secrets.mask("literal fromfile inextra https://example.org/"),
    "*** *** *** https://***/",
  );
});

Deno.test("loadSourceConfig() does keep what a statement says out of operatorProps", async () => {
  await using input = await makeBase({ "etc/sources/a.yaml": "default: {url: ws://a, x: {y: 1}}" });
  const config = await loadSourceConfig({ ...input, type: "a", extra: { url: "ws://b", x: 2 } });
  assertEquals(config.props, { url: "ws://b", x: 2 });
  assertEquals(config.operatorProps, { url: "ws://a", x: { y: 1 } });
  assertEquals(config.where.locate(["url"], "value"), { file: "EXTRA" });
});

Deno.test("loadSourceConfig() does tell where each property comes from", async () => {
  await using input = await makeBase({
    "etc/sources/a.yaml": "default:\n  x: 1\n  y: {z: 2}\nk:\n  x: 3\n",
  }, { A__K__NEW: "1" });
  const { where } = await loadSourceConfig({ ...input, type: "a", confKey: "k" });
  assertEquals(where.locate(["x"], "value"), { file: "etc/sources/a.yaml", line: 5, column: 6 });
  assertEquals(where.label(["x"]), "k.x");
  assertEquals(where.locate(["y", "z"], "key"), { file: "etc/sources/a.yaml", line: 3, column: 7 });
  assertEquals(where.label(["y", "z"]), "default.y.z");
  assertEquals(where.locate(["new"], "value"), { file: "environment variable A__K__NEW" });
});

Deno.test("an author's first file does not take the built-in ones away", async () => {
  await using input = await makeBase({ "etc/sources/mySource.yaml": "default:\n" });
  const random = await loadSourceConfig({ ...input, type: "random", confKey: "dedup" });
  assertEquals(random.files, ["built-in etc/sources/random.yaml"]);
  assertEquals(random.props["deduplicate"], 50);
  const plugins = await loadPluginsConfig({ ...input, allowUnsafe: false });
  assertEquals(plugins.grantFor("websocket").net, ["${url}"]);
});
