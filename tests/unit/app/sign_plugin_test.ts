import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { signPlugins } from "../../../src/app/sign_plugin.ts";
import { KuiperError } from "../../../src/core/mod.ts";

async function withFiles(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign"]) as CryptoKeyPair;
    const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
    const files = {
      "key.pem": `-----BEGIN PRIVATE KEY-----\n${
        btoa(String.fromCharCode(...der))
      }\n-----END PRIVATE KEY-----\n`,
      "src/a.ts": `export { b } from "./lib/b.ts";`,
      "src/c.js": "export const c = 1;",
      "src/_shared.ts": "export const s = 1;",
      "src/kuiper.d.ts": "export {};",
      "src/notes.txt": "hello",
      "src/lib/b.ts": "export const b = 1;",
      "empty/x.txt": "",
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${name.split("/").slice(0, -1).join("/")}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("signPlugins() signs a file with what it imports, or each source of a folder", async () => {
  await withFiles(async (folder) => {
    const key = `${folder}/key.pem`;
    const all = await signPlugins({ target: `${folder}/src`, key });
    assertEquals(all.map(({ file, modules }) => [file, modules]), [
      [`${folder}/src/a.ts`, 2],
      [`${folder}/src/c.js`, 1],
    ]);
    const [one] = await signPlugins({ target: `${folder}/src/a.ts`, key });
    // Ed25519 gives the same signature for the same text.
    assertEquals(one, all[0]);
    assertMatch(one!.text, /^kuiper-signature-1 \S{44} \S{88}\n$/);
  });
});

Deno.test("signPlugins() says what is not there, and what is nothing to sign", async () => {
  await withFiles(async (folder) => {
    const key = `${folder}/key.pem`;
    const says = async (target: string, message: RegExp, other = key) => {
      const error = await assertRejects(
        () => signPlugins({ target: `${folder}/${target}`, key: other }),
        KuiperError,
      );
      assertMatch(error.message, message);
    };
    await says("nothing.ts", /nothing\.ts" does not exist$/);
    await says("src/a.ts", /no\.pem" does not exist$/, `${folder}/no.pem`);
    await says("src/a.ts", /is no Ed25519 private key/, `${folder}/src/c.js`);
    await says("empty", /holds no source files, expected \.ts or \.js$/);
    await says("src/notes.txt", /notes\.txt" is no source file, expected \.ts or \.js$/);
  });
});
