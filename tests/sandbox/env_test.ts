import { assertEquals } from "@std/assert";
import { assertClosed, SECRET, walk } from "./_road.ts";

const NAME = "KUIPER_SANDBOX_SECRET";
const ATTEMPTS = {
  get: `Deno.env.get("${NAME}")`,
  toObject: `Deno.env.toObject().${NAME}`,
  process: `process.env.${NAME}`,
};

Deno.test("A plugin reads no variable", async () => {
  Deno.env.set(NAME, SECRET);
  try {
    await assertClosed({
      ...ATTEMPTS,
      set: `Deno.env.set("${NAME}", "x") ?? "set"`,
      delete: `Deno.env.delete("${NAME}") ?? "deleted"`,
      names: `Object.keys(process.env).join() || undefined`,
      arguments: `Deno.args`,
    });
    assertEquals(Deno.env.get(NAME), SECRET);
    const got = await walk(ATTEMPTS, { permissions: { env: [NAME] } });
    assertEquals([got.get, got.process], [SECRET, SECRET]);
  } finally {
    Deno.env.delete(NAME);
  }
});
