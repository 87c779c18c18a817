import { assertEquals } from "@std/assert";
import type * as core from "../../../src/core/mod.ts";
import type * as declared from "../../../src/contract/kuiper.d.ts";
import { BackOff, channel, NotConnected } from "../../../src/contract/mod.ts";

/** True when both types take each other's values; otherwise this file does not compile. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

Deno.test("the declarations for authors say what the engine has", () => {
  const types: [
    Same<declared.Value, core.Value>,
    Same<declared.Row, core.Row>,
    Same<declared.Json, core.Json>,
  ] = [true, true, true];
  const values: Pick<typeof declared, "BackOff" | "NotConnected" | "channel"> = {
    BackOff,
    NotConnected,
    channel,
  };
  assertEquals(types.length + Object.keys(values).length, 6);
});
