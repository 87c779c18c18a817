import type { Callable, Realm } from "./realm.ts";

const { apply } = Reflect;
const { assign, defineProperty } = Object;
const MakeError = TypeError;

/** With odd arguments they end the whole program, not only the call. */
const ABSENT = [
  "ECDH",
  "createECDH",
  "DiffieHellman",
  "DiffieHellmanGroup",
  "createDiffieHellman",
  "createDiffieHellmanGroup",
  "getDiffieHellman",
  "diffieHellman",
  "generateKeyPair",
  "generateKeyPairSync",
  "generatePrime",
  "generatePrimeSync",
  "checkPrime",
  "checkPrimeSync",
];

/** What a key may be said to be where a signature is verified. */
const KEY_OPTIONS = ["key", "format", "type", "encoding", "passphrase", "padding", "saltLength"];

/**
 * `node:crypto` without what ends the program when its arguments are odd: keys are agreed on and made by `crypto.subtle`.
 * Of signatures it verifies those in DER: one in the other form that is too short ends the program, too.
 */
export function safeCrypto(module: object): object {
  const crypto = module as { default: Realm; Verify: { prototype: Realm }; verify: Callable };
  const own: Realm = {};
  for (const name of ABSENT) {
    own[name] = function () {
      throw new MakeError(`Cannot call crypto.${name}: a plugin has crypto.subtle for that`);
    };
  }
  const { verify, Verify: { prototype } } = crypto;
  own.verify = (algorithm: unknown, data: unknown, key: unknown, ...rest: unknown[]) =>
    apply(verify, undefined, [algorithm, data, inDer(key), ...rest]);
  const verifyAll = prototype.verify as Callable;
  defineProperty(prototype, "verify", {
    value: function (this: unknown, key: unknown, ...rest: unknown[]) {
      return apply(verifyAll, this, [inDer(key), ...rest]);
    },
  });
  assign(crypto.default, own);
  return { ...module, ...own };
}

/** A key, read once: it may be an object that says two things. */
function inDer(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return given;
  const options: Realm = { __proto__: null, dsaEncoding: "der" } as never;
  if (!("key" in given)) options.key = given;
  else {
    const { dsaEncoding } = given as Realm;
    if (dsaEncoding !== undefined && dsaEncoding !== "der") {
      throw new MakeError(
        "Cannot verify this form of signature: a plugin has crypto.subtle for that",
      );
    }
    for (let i = 0; i < KEY_OPTIONS.length; i++) {
      const value = (given as Realm)[KEY_OPTIONS[i]!];
      if (value !== undefined) options[KEY_OPTIONS[i]!] = value;
    }
  }
  return options;
}
