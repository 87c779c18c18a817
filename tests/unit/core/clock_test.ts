import { assertRejects } from "@std/assert";
import { systemClock } from "../../../src/core/mod.ts";

Deno.test("systemClock.sleep() ends early with the reason of its signal", async () => {
  const abort = new AbortController();
  const sleeping = systemClock.sleep(1_000_000, abort.signal);
  abort.abort(new Error("enough"));
  await assertRejects(() => sleeping, Error, "enough");
  await assertRejects(() => systemClock.sleep(0, abort.signal), Error, "enough");
  await systemClock.sleep(0, new AbortController().signal);
});
