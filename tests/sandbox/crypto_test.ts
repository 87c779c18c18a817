import { assertEquals } from "@std/assert";
import { type Harm, harm } from "./_venue.ts";

const lived: Harm["check"] = ({ stdout, stderr, code }) => {
  assertEquals([code, stdout], [0, '{"text":"lived"}\n'], stderr);
  assertEquals(stderr.includes("panicked"), false, stderr);
};

/** Calls of `node:crypto` that end the program where nothing stands before them. */
const CALLS: Readonly<Record<string, string>> = {
  "a private key of nothing but zeros":
    `crypto.createECDH("secp256k1").setPrivateKey(new Uint8Array(32))`,
  "a public key that is no point":
    `{ const ecdh = crypto.createECDH("secp256k1"); ecdh.generateKeys(); ecdh.computeSecret(new Uint8Array(65)); }`,
  "a prime of one bit": `crypto.generatePrimeSync(1)`,
  "a group without a prime": `crypto.createDiffieHellman(new Uint8Array(1)).generateKeys()`,
  "keys of a group without a prime": `crypto.generateKeyPairSync("dh", { primeLength: 0 })`,
  "the default export": `crypto.default.generatePrimeSync(1)`,
};

for (const [what, call] of Object.entries(CALLS)) {
  harm(`node:crypto ends nothing with ${what}`, {
    body: `const crypto: any = await import("node:crypto");
      try { ${call}; } catch { /* it is not there */ }
      yield { message: { text: "lived" } };`,
    check: lived,
  });
}

harm("node:crypto ends nothing with a signature that is too short for its form", {
  body: `const crypto: any = await import("node:crypto");
    const { publicKey } = await globalThis.crypto.subtle.generateKey(
      { name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]) as CryptoKeyPair;
    const spki = new Uint8Array(await globalThis.crypto.subtle.exportKey("spki", publicKey));
    const key = crypto.createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    let asked = 0;
    for (const one of [
      { key, dsaEncoding: "ieee-p1363" },
      { key, get dsaEncoding() { return asked++ === 0 ? undefined : "ieee-p1363"; } },
      Object.assign(key, { dsaEncoding: "ieee-p1363" }),
    ]) {
      try { crypto.verify("sha1", new Uint8Array(1), one, new Uint8Array(3)); } catch { /* it is not verified */ }
      try { crypto.createVerify("sha1").update(new Uint8Array(1)).verify(one, new Uint8Array(3)); } catch { /* nor here */ }
    }
    yield { message: { text: "lived" } };`,
  check: lived,
});

harm("A key that is too short to sign with makes no line of the runtime's", {
  body:
    `const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 256, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-512" };
    const { subtle } = globalThis.crypto;
    try {
      const { privateKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
      await subtle.sign("RSASSA-PKCS1-v1_5", privateKey, new Uint8Array(3));
    } catch { /* it is not made */ }
    yield { message: { text: "lived" } };`,
  check: lived,
});
