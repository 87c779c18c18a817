import { assertEquals, assertRejects } from "@std/assert";
import { App } from "../../../src/app.ts";
import { KuiperError, silentLogger } from "../../../src/core/mod.ts";
import { startModuleServer } from "../../fakes/mod.ts";

const PLUGIN = `export const manifest = { contract: 1, permissions: { net: ["a.example:443"] } };
export class Weather { configure() {} async *open() {} }
`;

Deno.test("installPlugin() does pin what it fetched and grants nothing of what it asks for", async () => {
  await using server = await startModuleServer({
    routes: { "/w.js": PLUGIN, "/other.js": PLUGIN },
  });
  const base = await Deno.makeTempDir({ prefix: "kuiper_install_" });
  try {
    await using app = await App.open({ base, env: {}, log: silentLogger });
    const weather = { of: "source", name: "weather", url: server.url("/w.js") } as const;
    await app.installPlugin({ ...weather, replace: false });
    const described = await app.describePlugin("weather");
    assertEquals([described.grant, described.asks], ["none", "net: a.example:443"]);
    await assertRejects(
      () => app.installPlugin({ ...weather, replace: false }),
      KuiperError,
      "exists",
    );
    const proposal = await app.proposePlugin({
      name: "weather",
      grant: { net: ["a.example:443"] },
    });
    await proposal.approve();
    await app.installPlugin({ ...weather, replace: true });
    assertEquals((await app.describePlugin("weather")).grant, "net: a.example:443");
    // What the operator granted is for the code of that address.
    const other = { ...weather, url: server.url("/other.js"), replace: true };
    await assertRejects(() => app.installPlugin(other), KuiperError, "is there already");
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});

Deno.test("installPlugin() does pin sinks and functions, each as what it is", async () => {
  const FUNCTION = `export function doubled(x) { return 2 * x; }`;
  const SINK = `export default { configure() {}, collect() {} };`;
  await using server = await startModuleServer({ routes: { "/f.js": FUNCTION, "/s.js": SINK } });
  const base = await Deno.makeTempDir({ prefix: "kuiper_install_" });
  try {
    await using app = await App.open({ base, env: {}, log: silentLogger });
    const doubled = { of: "function", name: "doubled", url: server.url("/f.js") } as const;
    const shout = { of: "sink", name: "shout", url: server.url("/s.js") } as const;
    for (const one of [doubled, shout]) await app.installPlugin({ ...one, replace: false });
    const kinds = (await app.listPlugins()).filter(({ kind }) => kind === "url");
    assertEquals(kinds.map(({ name, of }) => `${name} ${of}`), ["doubled function", "shout sink"]);
    assertEquals((await app.describePlugin("shout", "sink")).rules, []);
    for (
      const [name, of, said] of [
        ["shout", "function", 'Plugin "shout" is a sink, there is no function of that name'],
        ["doubled", "source", 'Plugin "doubled" is a function, there is no source of that name'],
      ] as const
    ) await assertRejects(() => app.describePlugin(name, of), KuiperError, said);
    for (
      const [of, name, said] of [
        ["function", "Tripled", "small letters"],
        ["function", "abs", '"abs" is a built-in function'],
        ["sink", "mqtt", '"mqtt" is a built-in sink'],
        ["source", "mqtt", '"mqtt" is a built-in source'],
        ["source", "shout", "is there already, as a sink"],
      ] as const
    ) {
      const { url } = shout;
      await assertRejects(() => app.proposePlugin({ name, of, url }), KuiperError, said);
    }
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});

Deno.test("installPlugin() does refuse what is no address of a module", async () => {
  const base = await Deno.makeTempDir({ prefix: "kuiper_install_" });
  try {
    await using app = await App.open({ base, env: {}, log: silentLogger });
    for (const url of ["file:///etc/passwd", "/etc/passwd", "http://10.0.0.1/x.ts", "data:,x"]) {
      await assertRejects(
        () => app.installPlugin({ of: "source", name: "x", url, replace: false }),
        KuiperError,
      );
    }
    assertEquals([...Deno.readDirSync(base)].map(({ name }) => name), []);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});
