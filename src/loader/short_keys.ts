import type { Callable } from "./realm.ts";

const { apply } = Reflect;
const { defineProperty } = Object;
const MakeError = TypeError;

/** Bits of a key of RSA below which the runtime's own thread may fail, and say so. */
const LEAST_RSA_BITS = 1024;

/** Take away from `crypto.subtle` keys of RSA that are too short to sign with. */
export function refuseShortKeys(): void {
  const algorithmOf = Object.getOwnPropertyDescriptor(CryptoKey.prototype, "algorithm")!.get!;
  const { prototype } = SubtleCrypto;
  const { then } = Promise.prototype;
  const check = (key: unknown) => {
    const { modulusLength } = apply(algorithmOf, key, []) as { modulusLength?: number };
    if (modulusLength !== undefined && modulusLength < LEAST_RSA_BITS) {
      throw new MakeError(
        `Cannot use a key of RSA of ${modulusLength} bits: take ${LEAST_RSA_BITS} at the least`,
      );
    }
  };
  for (const name of ["generateKey", "importKey", "unwrapKey"] as const) {
    const call = prototype[name] as Callable;
    const checked = function (this: unknown, ...args: unknown[]): unknown {
      return apply(then, apply(call, this, args), [(made: CryptoKey | CryptoKeyPair) => {
        check("privateKey" in made ? made.privateKey : made);
        return made;
      }]);
    };
    defineProperty(checked, "name", { value: name });
    defineProperty(prototype, name, { value: checked });
  }
}
