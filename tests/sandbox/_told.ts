/** What the tests of what is thrown have in common: see forged_test.ts, thrown_test.ts and socket_test.ts. */
import { assertEquals } from "@std/assert";
import { SECRET } from "./_venue.ts";

/** One sentence of the engine's, and no word of the runtime's, which would print what the plugin likes. */
export const toldByEngine = (
  { code, stdout, stderr }: { code: number; stdout: string; stderr: string },
): void => {
  assertEquals(code, 1, stderr);
  assertEquals(stdout, "");
  assertEquals(/\(in worker|^error: (?!Source)/m.test(stderr), false, stderr);
  assertEquals(stderr.includes(SECRET), false);
};

/** A rejection that nobody handles. */
export const REJECTED = `void Promise.reject(new Error("late")); await new Promise(() => {});`;

/** What runs code of the plugin's when the runtime looks at it. */
export const LOOKED_AT: Readonly<Record<string, string>> = {
  "whose prototype is asked for":
    `new Proxy(new Error("late"), { getPrototypeOf() { throw new Error("forged \\u001b[31m"); } })`,
  "that shows itself":
    `{ [Symbol.for("Deno.customInspect")]() { throw new Error("forged \\u001b[31m"); } }`,
};

/** Statements that put a function of the plugin's into the runtime's table of a target, for "x", "abort" and "message". */
export const plant = (target: string, body: string): string =>
  `for (const one of Object.getOwnPropertySymbols(${target})) {
    const listeners = ${target}[one]?.listeners;
    const callback = ${body.startsWith("{") ? `() => ${body}` : body};
    if (listeners) listeners.x = listeners.abort = listeners.message = [{ callback, options: {} }];
  }`;
