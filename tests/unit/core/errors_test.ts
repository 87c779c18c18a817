import { assert, assertEquals } from "@std/assert";
import { asKuiperError, ERRORS, fail, messageOf } from "../../../src/core/mod.ts";

Deno.test("fail() makes an error of its code, and asKuiperError() leaves it alone", () => {
  const cause = new Error("deep");
  const error = fail("io", "Cannot write x", cause);
  assertEquals([error.code, error.domain, error.cause], ["io", "external", cause]);
  assert(asKuiperError(error) === error);
  assertEquals(asKuiperError("text").code, "internal");
  assertEquals(asKuiperError("text").message, "text");
  assertEquals(messageOf(new TypeError("")), "TypeError");
  assert(Object.values(ERRORS).every(({ exit }) => exit === 1 || exit === 2));
});
