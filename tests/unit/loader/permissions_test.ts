import { assertEquals, assertThrows } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import {
  beyondOwn,
  describeGrant,
  type PermissionQuery,
  withinOwn,
  workerPermissions,
} from "../../../src/loader/permissions.ts";

/** A program that may reach one host, read everything and nothing else. */
const narrow: PermissionQuery = (descriptor) => {
  if (descriptor.name === "read") return { state: "granted" };
  if (descriptor.name === "net") {
    if (descriptor.host === "a b") throw new URIError("invalid host");
    if (descriptor.host === "a.b:1") return { state: "granted" };
  }
  return { state: "prompt" };
};

Deno.test("workerPermissions() leaves nothing open and nothing inherited", () => {
  const none = { net: false, read: false, write: false, env: false, sys: false };
  const never = { run: false, ffi: false, import: false };
  assertEquals<unknown>(workerPermissions({}), { ...none, ...never });
  assertEquals<unknown>(
    workerPermissions({ net: ["a.b:1"], read: true, write: [] }),
    { ...none, ...never, net: ["a.b:1"], read: true },
  );
});

Deno.test("describeGrant() says it in one line", () => {
  assertEquals(describeGrant({}), "none");
  assertEquals(describeGrant({ net: [] }), "none");
  assertEquals(
    describeGrant({ net: ["a:1", "b"], read: true, env: ["X"] }),
    "net: a:1, b; read: all; env: X",
  );
});

Deno.test("beyondOwn() names what the program itself may not do", () => {
  const grant = { net: ["a.b:1", "c:2"], read: ["/x"], env: true, sys: ["hostname"] } as const;
  assertEquals(beyondOwn(grant, narrow), [`net "c:2"`, "all of env", `sys "hostname"`]);
  assertEquals(beyondOwn({ net: ["a.b:1"], read: true }, narrow), []);
  assertEquals(beyondOwn({ read: true }, () => ({ state: "granted", partial: true })), [
    "all of read",
  ]);
});

Deno.test("beyondOwn() asks for a name below a pattern, which the runtime itself has no answer for", () => {
  const below: PermissionQuery = (descriptor) => {
    if (descriptor.name !== "net" || descriptor.host!.includes("*")) throw new URIError("no host");
    return { state: /(?:^|\.)a\.b:1$/.test(descriptor.host!) ? "granted" : "prompt" };
  };
  assertEquals(beyondOwn({ net: ["*.a.b:1", "*.c:1"] }, below), [`net "*.c:1"`]);
});

Deno.test("withinOwn() refuses a grant beyond the program's own, naming both", () => {
  const error = assertThrows(
    () => withinOwn({ net: ["c:2"] }, `source "mine"`, narrow),
    KuiperError,
    `Cannot run source "mine": its grant of net "c:2" is beyond what this program itself may do`,
  );
  assertEquals(error.code, "denied");
  withinOwn({ net: ["a.b:1"] }, `source "mine"`, narrow);
});

Deno.test("withinOwn() refuses an entry that is not of its kind", () => {
  for (const grant of [{ net: ["a b"] }, { env: [""] }]) {
    const error = assertThrows(() => withinOwn(grant, "x", narrow), KuiperError, "Cannot grant");
    assertEquals(error.code, "config");
  }
});
