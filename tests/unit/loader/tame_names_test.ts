import { assertEquals, assertThrows } from "@std/assert";
import { askRuntime } from "./_ask_runtime.ts";
import type { Realm } from "../../../src/loader/realm.ts";
import { type Granted, readRealmName, realmName } from "../../../src/loader/realm_name.ts";
import { checkedSys, tamedEnv } from "../../../src/loader/tame_names.ts";

/** A runtime that gives everything: what is refused is refused before it is asked. */
const DENO: Realm = {
  errors: Deno.errors,
  env: {
    get: (name: string) => `value of ${name}`,
    has: () => true,
    toObject: () => ({ A: "1" }),
  },
};

const grantOf = (grant: { env?: Granted; sys?: Granted }) =>
  readRealmName(realmName("mine", grant));
const envOf = (env: Granted) => tamedEnv(DENO, grantOf({ env })) as typeof Deno.env;

const refusal = (asked: string, why: string) => ({
  name: "NotCapable",
  message: `Requires ${asked}, ${why}`,
});
const told = (fn: () => unknown) => {
  const { name, message } = assertThrows(fn, Deno.errors.NotCapable);
  return { name, message };
};

Deno.test("tamedEnv() gives the variables that were granted and refuses all others", () => {
  const env = envOf(["A", "KUIPER_*"]);
  for (const name of ["A", "KUIPER_", "KUIPER_X"]) {
    assertEquals([env.get(name), env.has(name)], [`value of ${name}`, true]);
  }
  for (const name of ["B", "AA", "a", "KUIPER", "*", ""]) {
    const expected = refusal(`env access to "${name}"`, "that was not granted");
    assertEquals([told(() => env.get(name)), told(() => env.has(name))], [expected, expected]);
  }
  assertEquals(told(() => env.toObject()), refusal("env access", "that was not granted"));
});

Deno.test("tamedEnv() refuses every name where none was granted, and gives all where all were", () => {
  assertEquals(
    told(() => envOf([]).get("HOME")),
    refusal('env access to "HOME"', "none of it was granted"),
  );
  assertEquals(envOf(true).get("A"), "value of A");
  assertEquals(envOf(true).toObject(), { A: "1" });
});

Deno.test("tamedEnv() says that a name is not set which the runtime tells everybody, unless it was granted", () => {
  for (const name of ["NO_COLOR", "FORCE_COLOR", "NODE_DEBUG", "NODE_OPTIONS"]) {
    const env = envOf(["A"]);
    assertEquals([env.get(name), env.has(name)], [undefined, false]);
    assertEquals(envOf([name]).get(name), `value of ${name}`);
  }
});

Deno.test("tamedEnv() asks the runtime for the name that it looked at", () => {
  let reads = 0;
  const name = { toString: () => reads++ === 0 ? "A" : "B" } as string;
  assertEquals(envOf(["A"]).get(name), "value of A");
  assertEquals(reads, 1);
});

Deno.test("tamedEnv() agrees with the runtime about names and beginnings of names", async () => {
  const names = ["A", "AB", "ABC", "B", "a", "*", "A*", "AB*"];
  for (const granted of [["A"], ["A*"], ["AB*", "B"], ["*"], ["a", "C*"]]) {
    const asked = names.map((variable) => ({ name: "env", variable }) as const);
    const runtime = await askRuntime({ env: granted }, asked);
    const env = envOf(granted);
    const ours = names.map((name) => {
      try {
        env.get(name);
        return true;
      } catch {
        return false;
      }
    });
    assertEquals(ours, runtime, granted.join());
  }
});

Deno.test("checkedSys() refuses figures that were not granted, and has nothing to say of the others", () => {
  const figures = checkedSys(DENO, grantOf({ sys: ["hostname"] }));
  assertEquals([figures("hostname"), figures("readFile")], [undefined, undefined]);
  assertEquals(
    told(() => figures("uid")!()),
    refusal('sys access to "uid"', "that was not granted"),
  );
  assertEquals(checkedSys(DENO, grantOf({ sys: true }))("uid"), undefined);
});
