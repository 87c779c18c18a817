/** Signed plugins, from the author's key to the operator's stream. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryTest } from "./_kuiper.ts";
import { COUNTER, startSite } from "./_modules.ts";

async function openssl(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("openssl", { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

binaryTest(
  "A plugin is signed by its author and trusted by name, and nobody else's is",
  async () => {
    await using site = await startSite(COUNTER, {
      "plugins/sources/counter.ts": COUNTER["/counter.ts"],
      "plugins/sources/lib/label.ts": COUNTER["/lib/label.ts"],
    });
    const { base, server } = site;
    const at = (name: string) => `${base.path}/${name}`;
    await openssl("genpkey", "-algorithm", "ed25519", "-out", at("key.pem"));
    await openssl("genpkey", "-algorithm", "ed25519", "-out", at("other.pem"));
    const pem = await openssl("pkey", "-in", at("key.pem"), "-pubout");

    // The author signs what lies in files, and uploads both.
    const file = "plugins/sources/counter.ts";
    const signed = await site.call("plugin", "sign", file, "--key=key.pem");
    assertEquals(signed.code, 0, signed.stderr);
    assertStringIncludes(signed.stderr, "plugins/sources/counter.ts.sig signs 2 modules");
    const signature = await Deno.readTextFile(at(`${file}.sig`));
    const printed = await site.call("plugin", "sign", file, "--key=key.pem", "--print");
    assertEquals(printed.stdout, signature);
    await Deno.remove(at("plugins"), { recursive: true });

    // Without a key that is trusted nobody looks for it.
    const unseen = await site.call("plugin", "add", "counter", server.url("/counter.ts"));
    assertMatch(unseen.stdout, /signature +not looked for: plugins\.trustedKeys is empty/);
    assertEquals(server.count("/counter.ts.sig"), 0);

    const config = await Deno.readTextFile(at("etc/kuiper.yaml"));
    const trust = `  trustedKeys:\n    alice: |\n${pem.replace(/^(?=.)/gm, "      ")}`;
    await base.write({ "etc/kuiper.yaml": config + trust });
    const unsigned = await site.call("plugin", "add", "counter", server.url("/counter.ts"));
    assertMatch(unsigned.stdout, /signature +none: it is not signed/);
    await base.write({ "etc/kuiper.yaml": `${config}${trust}  requireSignature: true\n` });
    const refused = await site.add("counter", "/counter.ts");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, 'Plugin "counter" does not run: it is not signed, and');

    server.routes.set("/counter.ts.sig", () => new Response(signature));
    const added = await site.add("counter", "/counter.ts");
    assertEquals(added.code, 0, added.stderr);
    assertMatch(added.stdout, /signature +by "alice"/);
    await server.stop();
    const run = await site.run("counter");
    assertEquals([run.code, run.rows.length], [0, 3], run.stderr);
    const described = await site.call("plugin", "describe", "counter");
    assertMatch(described.stdout, /signature +by "alice"/);
    const created = await site.call("create", "stream", `s () WITH (TYPE="counter")`);
    assertEquals(created.code, 0, created.stderr);
    const stream = JSON.parse((await site.call("describe", "stream", "s", "--json")).stdout);
    assertEquals(stream.source.provenance.signer, "alice");
    assertEquals(stream.source.provenance.wrapper, undefined);

    // Somebody else's key, and a signature of something else.
    const lock = await Deno.readTextFile(at("kuiper.lock"));
    await base.write({ "plugins/sources/counter.ts": COUNTER["/lib/label.ts"] });
    const wrong = await site.call("plugin", "sign", file, "--key=key.pem", "--print");
    const value = (text: string) => text.trim().split(" ")[2]!;
    await Deno.remove(at("plugins"), { recursive: true });
    await base.write({ "kuiper.lock": lock.replace(value(signature), value(wrong.stdout)) });
    const forged = await site.run("counter");
    assertEquals([forged.code, forged.rows], [1, []]);
    assertStringIncludes(forged.stderr, 'its signature by "alice" is not of this code');
    await base.write({ "kuiper.lock": lock.replace(/,\n +"signature": .*/, "") });
    const stripped = await site.run("counter");
    assertEquals([stripped.code, stripped.rows], [1, []]);
    assertStringIncludes(stripped.stderr, "it is not signed, and plugins.requireSignature");
  },
);
