import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { KuiperError, silentLogger } from "../../../src/core/mod.ts";
import {
  EMPTY_LOCK,
  lockedHash,
  type LockedPlugin,
  parseLock,
  printLock,
  withPlugin,
} from "../../../src/loader/lock_file.ts";
import { ModuleCache } from "../../../src/loader/module_cache.ts";
import { fetchGraph, lockedOf, pinGraph } from "../../../src/loader/remote_graph.ts";
import { loadRemote } from "../../../src/loader/remote_load.ts";
import {
  checkSignature,
  parseSignature,
  printSignature,
  sign,
  type Signature,
  signatureUrl,
  signedText,
  type Trust,
} from "../../../src/loader/signature.ts";
import { signFile } from "../../../src/loader/sign_file.ts";
import { redirect, startModuleServer } from "../../fakes/mod.ts";

const HASH = "0123456789abcdef".repeat(4);

/** A fresh key: its PEM, and its public half. */
async function makeKey(): Promise<{ pem: string; key: string }> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const base64 = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
  const der = base64(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return {
    pem: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
    key: base64(await crypto.subtle.exportKey("raw", pair.publicKey)),
  };
}

function plugin(base = "https://a.b/x/", change: Partial<LockedPlugin> = {}): LockedPlugin {
  const module = { sha256: HASH, bytes: 5, type: "typescript" } as const;
  return {
    url: `${base}w.ts`,
    modules: {
      [`${base}w.ts`]: module,
      [`${base}lib/l.js?v=1`]: { ...module, type: "javascript" },
      [new URL("../up.ts", base).href]: module,
      "https://c.d/e.ts": module,
    },
    redirects: {},
    ...change,
  };
}

const check = (locked: LockedPlugin, trust: Trust) =>
  checkSignature(locked, { name: "weather", trust });

// -- What is signed --

Deno.test("signedText() names modules from the entry's folder, so that a whole plugin may move", () => {
  assertEquals(
    signedText(plugin()),
    `kuiper-signature-1
javascript ${HASH} 5 ./lib/l.js?v=1
typescript ${HASH} 5 .
typescript ${HASH} 5 ./../up.ts
typescript ${HASH} 5 https://c.d/e.ts
`,
  );
  assertEquals(signedText(plugin("http://127.0.0.1:9/q/r/")), signedText(plugin()));
});

Deno.test("signedText() changes with a module's text, size, language, name and number", () => {
  const { modules } = plugin();
  const [first] = Object.keys(modules);
  const texts = [
    { ...modules, [first!]: { ...modules[first!]!, sha256: HASH.replace("0", "1") } },
    { ...modules, [first!]: { ...modules[first!]!, bytes: 6 } },
    { ...modules, [first!]: { ...modules[first!]!, type: "javascript" as const } },
    { ...modules, "https://a.b/x/more.ts": modules[first!]! },
    { [first!]: modules[first!]! },
  ].map((modules) => signedText(plugin(undefined, { modules })));
  assertEquals(new Set([signedText(plugin()), ...texts]).size, texts.length + 1);
});

Deno.test("signatureUrl() puts .sig behind the path", () => {
  assertEquals(signatureUrl("https://a.b/w.ts?v=1"), "https://a.b/w.ts.sig?v=1");
});

Deno.test("parseSignature() reads what printSignature() writes, and nothing else", async () => {
  const { pem } = await makeKey();
  const signature = await sign(plugin(), pem);
  assertEquals(parseSignature(printSignature(signature)), signature);
  const text = printSignature(signature);
  for (const wrong of ["", "x", ` ${text}`, text.repeat(2), text.replace("-1", "-2")]) {
    assertEquals(parseSignature(wrong), undefined);
  }
});

// -- Who signed --

Deno.test("checkSignature() tells who signed", async () => {
  const [alice, bob] = [await makeKey(), await makeKey()];
  const signature = await sign(plugin(), alice.pem);
  assertEquals(signature.key, alice.key);
  const signed = plugin(undefined, { signature });
  const trust = { keys: { bob: bob.key, alice: alice.key }, required: true };
  assertEquals(await check(signed, trust), { kind: "trusted", name: "alice" });
  const others = { keys: { bob: bob.key }, required: false };
  assertEquals(await check(signed, others), { kind: "unknown", key: alice.key });
  assertEquals(await check(plugin(), others), { kind: "unsigned" });
});

Deno.test("checkSignature() refuses a wrong signature, whoever it claims to be by", async () => {
  const [alice, mallory] = [await makeKey(), await makeKey()];
  const good = await sign(plugin(), alice.pem);
  const forged = { key: alice.key, value: (await sign(plugin(), mallory.pem)).value };
  const flipped = { ...good, value: good.value.replace(/^./, (c) => c === "A" ? "B" : "A") };
  const other = await sign(plugin("https://a.b/x/", { modules: {} }), alice.pem);
  for (const keys of [{ alice: alice.key }, {}]) {
    for (const signature of [forged, flipped, other] as Signature[]) {
      const error = await assertRejects(
        () => check(plugin(undefined, { signature }), { keys, required: false }),
        KuiperError,
      );
      assertEquals(error.code, "denied");
      assertStringIncludes(error.message, 'Plugin "weather" does not run: its signature by ');
    }
  }
});

Deno.test("checkSignature() refuses whom nobody trusts where a signature is required", async () => {
  const [alice, bob] = [await makeKey(), await makeKey()];
  const trust = { keys: { bob: bob.key }, required: true };
  const unsigned = await assertRejects(() => check(plugin(), trust), KuiperError);
  assertEquals(
    unsigned.message,
    'Plugin "weather" does not run: it is not signed, and plugins.requireSignature in ' +
      "etc/kuiper.yaml asks for a signature by one of plugins.trustedKeys",
  );
  const signature = await sign(plugin(), alice.pem);
  const unknown = await assertRejects(
    () => check(plugin(undefined, { signature }), trust),
    KuiperError,
  );
  assertStringIncludes(unknown.message, `by a key that is not trusted (${alice.key}), and`);
});

Deno.test("sign() refuses what is no Ed25519 key and shows nothing of it", async () => {
  const rsa = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  );
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", rsa.privateKey));
  const body = btoa(String.fromCharCode(...der));
  const pem = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
  for (const wrong of ["", "secret", pem, pem.replace("M", "$")]) {
    const error = await assertRejects(() => sign(plugin(), wrong), KuiperError);
    assertStringIncludes(error.message, "is no Ed25519 private key in PEM form");
    assert(!`${error.message} ${error.cause}`.includes("secret"));
  }
});

// -- In the lock, and when it is loaded --

Deno.test("printLock() keeps a signature, which is no part of the hash", async () => {
  const { pem } = await makeKey();
  const signature = await sign(plugin(), pem);
  const signed = plugin(undefined, { signature });
  const text = printLock(withPlugin(EMPTY_LOCK, { name: "weather", plugin: signed }));
  assertEquals(printLock(parseLock(text, "kuiper.lock")), text);
  assertEquals(parseLock(text, "kuiper.lock").plugins["weather"]!.signature, signature);
  assertEquals(await lockedHash(signed), await lockedHash(plugin()));
  const broken = text.replace(signature.key, "x");
  const error = await assertRejects(
    async () => await parseLock(broken, "kuiper.lock"),
    KuiperError,
  );
  assertStringIncludes(error.message, "plugins.weather.signature is ");
});

const SOURCES = {
  "/a.ts": `import { b } from "./lib/b.js"; export const a: string = b;`,
  "/lib/b.js": `export const b = "one";`,
};

Deno.test("signFile() signs what is uploaded; it is checked at each load, also from the cache", async () => {
  const folder = await Deno.makeTempDir();
  await using server = await startModuleServer({ routes: SOURCES });
  try {
    await Deno.mkdir(`${folder}/lib`);
    for (const [path, text] of Object.entries(SOURCES)) {
      await Deno.writeTextFile(folder + path, text);
    }
    const alice = await makeKey();
    const { text, modules } = await signFile({ path: `${folder}/a.ts`, key: alice.pem });
    assertEquals(modules, 2);
    // As servers name what they do not know.
    server.routes.set("/elsewhere", redirect("/a.ts.sig"));
    server.routes.set("/a.ts.sig", () => new Response(text));
    const url = server.url("/a.ts");
    const graph = await fetchGraph({ url, signature: true, log: silentLogger });
    const trust = { keys: { alice: alice.key }, required: true };
    assertEquals(await check(lockedOf(graph), trust), { kind: "trusted", name: "alice" });

    const cache = new ModuleCache({ folder: `${folder}/modules`, log: silentLogger });
    const locked = await pinGraph(graph, cache);
    const linkCacheDir = `${folder}/linked`;
    const load = (plugin: LockedPlugin) =>
      loadRemote({
        name: "weather",
        lock: withPlugin(EMPTY_LOCK, { name: "weather", plugin }),
        cache,
        linkCacheDir,
        trust,
        log: silentLogger,
      });
    assertEquals((await load(locked)).fromCache, false);
    assertEquals((await load(locked)).fromCache, true);
    const { signature, ...bare } = locked;
    await assertRejects(() => load(bare), KuiperError, "it is not signed");
    const wrong = { ...signature!, value: btoa("\0".repeat(64)) };
    await assertRejects(
      () => load({ ...locked, signature: wrong }),
      KuiperError,
      'its signature by "alice" is not of this code',
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("fetchGraph() finds no signature where there is none, and refuses what is none", async () => {
  await using server = await startModuleServer({ routes: SOURCES });
  const url = server.url("/a.ts");
  const get = (signature = true) => fetchGraph({ url, signature, log: silentLogger });
  assertEquals((await get()).signature, undefined);
  assertEquals(server.count("/a.ts.sig"), 1);
  await get(false);
  assertEquals(server.count("/a.ts.sig"), 1);
  for (
    const [answer, why] of [
      [() => new Response("hello"), "it is no signature of Kuiper"],
      [() => new Response("x".repeat(5000)), "it has more than 1024 bytes"],
      [() => new Response("no", { status: 403 }), "the server answers 403"],
      [redirect("https://other.example/a.ts.sig"), "its origin is not allowed"],
    ] as const
  ) {
    server.routes.set("/a.ts.sig", answer);
    const error = await assertRejects(() => get(), KuiperError);
    assertStringIncludes(error.message, `Cannot fetch the signature ${url}.sig: `);
    assertStringIncludes(error.message, why);
  }
});
