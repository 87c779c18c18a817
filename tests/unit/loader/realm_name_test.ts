import { assertEquals } from "@std/assert";
import type { Grant } from "../../../src/loader/permissions.ts";
import { readRealmName, realmName } from "../../../src/loader/realm_name.ts";

Deno.test("readRealmName() knows of a grant what realmName() says, whatever the type is called", () => {
  const none = { unsafe: false, read: false, write: false };
  const grants: [Grant, object][] = [
    [{}, none],
    [{ read: [], write: [], run: [] }, none],
    [{ read: ["a"] }, { ...none, read: true }],
    [{ write: true, net: true }, { ...none, write: true }],
    [{ ffi: ["a"], read: true }, { ...none, unsafe: true, read: true }],
  ];
  for (const [grant, known] of grants) {
    for (const type of ["road", "unsafe read write: a", ""]) {
      assertEquals<unknown>(readRealmName(realmName(type, grant)), known);
    }
  }
});
