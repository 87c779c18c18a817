import { assertEquals, assertRejects } from "@std/assert";
import { ownGrantFindings, refuseOwnGrant, secretsGranted } from "../../../src/app/own_grant.ts";
import { formatFinding, resolveBase } from "../../../src/config/mod.ts";
import { KuiperError } from "../../../src/core/mod.ts";
import type { Grant } from "../../../src/loader/mod.ts";

const BASE = "/kuiper-nowhere/base";
const OF = {
  paths: resolveBase({ base: BASE, env: {}, cwd: BASE }),
  name: "weather",
  place: { file: "etc/plugins.yaml", line: 2, column: 3 },
};

const refused = async (grant: Grant) => {
  const owner = `source "weather"`;
  const error = await assertRejects(() => refuseOwnGrant(grant, { ...OF, owner }), KuiperError);
  assertEquals(error.code, "denied");
  return error.message;
};

Deno.test("refuseOwnGrant() refuses to write over what is trusted, and names what to grant in its place", async () => {
  const sentence = (entry: string, own: string, whose: string) =>
    `Cannot run source "weather": the grant of write "${entry}" to "weather" covers ${own}, which belongs to ` +
    `${whose}; grant a folder such as data/out/weather in its place`;
  const cases: [entry: string, own: string, whose: string][] = [
    ["etc", "etc", "the configuration"],
    ["etc/sources", "etc", "the configuration"],
    ["plugins", "plugins", "the plugins"],
    ["kuiper.lock", "kuiper.lock", "the lock of the plugins"],
    ["data", "data", "the program's own data"],
    ["data/running", "data/running", "the program's own data"],
    ["data/kuiper.db", "data/kuiper.db", "the program's own data"],
    ["data/kuiper.lock.guard", "data/kuiper.lock.guard", "the program's own data"],
  ];
  for (const [entry, own, whose] of cases) {
    const write = ["/elsewhere", `${BASE}/data/out`, `${BASE}/${entry}`];
    assertEquals(await refused({ write }), sentence(entry, own, whose));
  }
  assertEquals(await refused({ write: ["/"] }), sentence("/", "etc", "the configuration"));
});

Deno.test("refuseOwnGrant() lets be what is beside, what may only be read, and an open sandbox", async () => {
  const owner = `source "weather"`;
  const grants: Grant[] = [
    {},
    { write: [`${BASE}/data/out`, "/var/log"] },
    { read: [`${BASE}/etc`] },
    { write: true },
    { write: [`${BASE}/etc`], run: true },
  ];
  for (const grant of grants) await refuseOwnGrant(grant, { ...OF, owner });
});

Deno.test("secretsGranted() warns of a grant to read the configuration or the stored definitions", async () => {
  const told = async (grant: Grant) => (await secretsGranted(grant, OF)).map(formatFinding);
  const read = ["/", "etc", "data", "data/kuiper.db-wal", "data/modules", "plugins", "data/in"]
    .map((entry) => entry === "/" ? entry : `${BASE}/${entry}`);
  const sentence = (entry: string, own: string) =>
    `etc/plugins.yaml:2:3: "weather" may read "${entry}", and so ${own}, where secrets may lie: grant it less`;
  assertEquals(await told({ read }), [
    sentence("/", "etc"),
    sentence("etc", "etc"),
    sentence("data", "data"),
    sentence("data/kuiper.db-wal", "data/kuiper.db-wal"),
  ]);
  assertEquals(await told({ read: true, write: [`${BASE}/etc`] }), []);
});

Deno.test("ownGrantFindings() tells both, where they stand", async () => {
  const grant = { read: [`${BASE}/etc`], write: [`${BASE}/plugins`] };
  assertEquals(
    (await ownGrantFindings(grant, OF)).map(({ severity, where }) => [severity, where]),
    [["error", "etc/plugins.yaml:2:3"], ["warning", "etc/plugins.yaml:2:3"]],
  );
});
