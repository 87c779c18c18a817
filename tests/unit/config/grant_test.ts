import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Grant, loadPluginsConfig, noGrant, resolveGrant } from "../../../src/config/mod.ts";
import { KuiperError } from "../../../src/core/mod.ts";
import { makeBase } from "./_base.ts";

const PLACE = { file: "etc/plugins.yaml", line: 2, column: 3 };

function resolved(grant: Partial<Grant>, props: Record<string, unknown> = {}): Grant {
  const whole = { ...noGrant(PLACE), ...grant };
  return resolveGrant(whole, { type: "mine", props, base: "/base" });
}

Deno.test("resolveGrant() does take host and port from an address of the configuration", () => {
  const cases: [string, string][] = [
    ["tcp://broker:1884", "broker:1884"],
    ["mqtts://broker", "broker:8883"],
    ["ws://broker/path?x#y", "broker:80"],
    ["https://user:pw@example.org/", "example.org:443"],
    ["wss://[::1]:9/", "[::1]:9"],
    ["other://broker", "broker"],
    ["broker:7", "broker:7"],
    ["broker", "broker"],
  ];
  for (const [server, host] of cases) {
    assertEquals(resolved({ net: ["${server}"] }, { server }).net, [host]);
  }
  assertEquals(resolved({ net: ["${s}", "a"] }, { s: ["tcp://x:1", "y"] }).net, ["x:1", "y", "a"]);
  assertEquals(resolved({ net: ["${host}:80"] }, { host: "x" }).net, ["x:80"]);
});

Deno.test("resolveGrant() does make paths absolute and leaves other kinds", () => {
  const grant = resolved({
    read: ["data/in", "/abs"],
    write: ["${dir}"],
    env: ["${name}"],
    run: true,
  }, {
    dir: "out",
    name: "TZ",
  });
  assertEquals(grant.read, ["/base/data/in", "/abs"]);
  assertEquals(grant.write, ["/base/out"]);
  assertEquals(grant.env, ["TZ"]);
  assertEquals(grant.run, true);
  assertEquals(grant.net, false);
});

Deno.test("resolveGrant() does refuse a property that is missing or no address", () => {
  const say = (props: Record<string, unknown>, item = "${server}") =>
    assertThrows(() => resolved({ net: [item] }, props), KuiperError).message;
  assertEquals(
    say({}),
    'etc/plugins.yaml:2:3: the grant "${server}" of "mine" (net) cannot be filled in, ' +
      'the configuration of "mine" has no "server": correct one of the two',
  );
  assertStringIncludes(say({ server: 7 }), '"server" of "mine" is no text');
  assertStringIncludes(say({ server: [] }), "is no text");
  assertStringIncludes(say({ server: "tcp://" }), "no address of a host");
  assertStringIncludes(say({ server: ["a", "b"] }, "${server}:80"), '"server" is a list');
  assertStringIncludes(say({}, "${toString}"), 'has no "toString"');
});

Deno.test("loadPluginsConfig() does grant nothing to a type without an entry", async () => {
  await using input = await makeBase({ "etc/plugins.yaml": "plugins:\n  mine:\n" });
  const config = await loadPluginsConfig({ ...input, allowUnsafe: false });
  assertEquals(config.grantFor("other"), noGrant({ file: "etc/plugins.yaml" }));
  assertEquals(config.grantFor("toString").net, false);
  assertEquals(config.grantFor("mine"), noGrant(PLACE));
});

Deno.test("loadPluginsConfig() does find an entry with its first letter in either case", async () => {
  await using input = await makeBase({
    "etc/plugins.yaml":
      "plugins:\n  Mine: {permissions: {net: [a], read: [], env: true, run: [x]}}\n",
  });
  const config = await loadPluginsConfig({ ...input, allowUnsafe: true });
  const { place, ...grant } = config.grantFor("mine");
  assertEquals(place, PLACE);
  assertEquals(grant, {
    net: ["a"],
    read: false,
    write: false,
    env: true,
    sys: false,
    run: ["x"],
    ffi: false,
  });
  assertEquals(config.warnings.length, 1);
});
