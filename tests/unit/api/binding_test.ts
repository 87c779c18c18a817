import { assertEquals, assertThrows } from "@std/assert";
import { isLoopback, refuseOpenBinding } from "../../../src/api/mod.ts";
import { KuiperError } from "../../../src/core/mod.ts";

Deno.test("isLoopback() does know the addresses that only this machine reaches", () => {
  for (const ip of ["127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1"]) {
    assertEquals(isLoopback(ip), true, ip);
  }
  for (
    const ip of [
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "127.0.0.1.evil.example",
      "1::1",
      ":1",
      "",
      "::ffff:127.0.0.1",
    ]
  ) {
    assertEquals(isLoopback(ip), false, ip);
  }
});

Deno.test("refuseOpenBinding() does let others in with tokens and TLS, or when it is told to", () => {
  const open = { ip: "0.0.0.0", hasTokens: false, hasTls: false, insecure: false };
  refuseOpenBinding({ ...open, ip: "127.0.0.1" });
  refuseOpenBinding({ ...open, hasTokens: true, hasTls: true });
  refuseOpenBinding({ ...open, insecure: true });
  for (
    const [given, lacks] of [
      [{}, "there is no token and no TLS, add"],
      [{ hasTokens: true }, "there is no TLS, add"],
      [{ hasTls: true }, "there is no token, add"],
    ] as const
  ) {
    assertThrows(() => refuseOpenBinding({ ...open, ...given }), KuiperError, lacks);
  }
});
