import { assertEquals } from "@std/assert";
import type { Grant } from "../../../src/loader/permissions.ts";
import { readRealmName, realmName } from "../../../src/loader/realm_name.ts";

Deno.test("readRealmName() knows of a grant what realmName() says, whatever the type is called", () => {
  const none = { unsafe: false, net: [], read: [], write: [], env: [], sys: [] };
  const grants: [Grant, object][] = [
    [{}, none],
    [{ read: [], write: [], run: [] }, none],
    [{ read: ["/a", "/\0\u2028:{"] }, { ...none, read: ["/a", "/\0\u2028:{"] }],
    [{ write: true, net: ["a:1"] }, { ...none, write: true, net: ["a:1"] }],
    [{ ffi: ["a"], read: true, env: ["A"], sys: true }, {
      ...none,
      unsafe: true,
      read: true,
      env: ["A"],
      sys: true,
    }],
  ];
  for (const [grant, known] of grants) {
    for (const type of ["road", '"unsafe": true', ""]) {
      assertEquals<unknown>(readRealmName(realmName(type, grant)), known);
    }
  }
  assertEquals(readRealmName(realmName("road", {}, "/tmp")).temp, "/tmp");
});

Deno.test("realmName() has no zero byte, with which no thread could be named", () => {
  const name = realmName("ro\0ad", { read: ["/\0"] }, "/\0");
  assertEquals(name.includes("\0"), false);
});
