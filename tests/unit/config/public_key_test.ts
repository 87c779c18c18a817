import { assertEquals } from "@std/assert";
import { publicKey } from "../../../src/config/public_key.ts";

// Of a key pair that openssl made; nobody has the other half.
const PEM = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAgOa9VP9lxSiN13t0kZCKavu25WHGS/XhS/bHsnI5ZDI=
-----END PUBLIC KEY-----
`;
const BASE64 = "gOa9VP9lxSiN13t0kZCKavu25WHGS/XhS/bHsnI5ZDI=";

Deno.test("publicKey() does read base64 of the bytes, SPKI and PEM, and nothing else", () => {
  const spki = PEM.split("\n")[1]!;
  for (const text of [PEM, spki, BASE64, ` ${BASE64}\n`]) assertEquals(publicKey(text), BASE64);
  for (
    const wrong of [
      "",
      "hello",
      BASE64.slice(4),
      PEM.replace("MCow", "MCox"),
      PEM.replaceAll("PUBLIC", "PRIVATE"),
      btoa("\0".repeat(44)),
    ]
  ) {
    assertEquals(publicKey(wrong), undefined);
  }
});
