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

Deno.test("installPlugin() does refuse what is no address of a module, and other kinds", async () => {
  const base = await Deno.makeTempDir({ prefix: "kuiper_install_" });
  try {
    await using app = await App.open({ base, env: {}, log: silentLogger });
    for (const url of ["file:///etc/passwd", "/etc/passwd", "http://10.0.0.1/x.ts", "data:,x"]) {
      await assertRejects(
        () => app.installPlugin({ of: "source", name: "x", url, replace: false }),
        KuiperError,
      );
    }
    const url = "https://a.invalid/x.ts";
    await assertRejects(
      () => app.installPlugin({ of: "sink", name: "x", url, replace: false }),
      KuiperError,
      "expected a source",
    );
    assertEquals([...Deno.readDirSync(base)].map(({ name }) => name), []);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
});
