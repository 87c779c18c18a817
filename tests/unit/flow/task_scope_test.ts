import { assert, assertEquals } from "@std/assert";
import { endOfTurn } from "../../../src/core/mod.ts";
import { TaskScope } from "../../../src/flow/mod.ts";

/** Ends when told to stop. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

Deno.test("TaskScope.closed() resolves when all tasks have ended, those that tasks started too", async () => {
  const scope = new TaskScope();
  const steps: string[] = [];
  scope.run(async () => {
    await Promise.resolve();
    scope.run(async () => {
      await new Promise<void>(endOfTurn);
      steps.push("inner");
    });
    steps.push("outer");
  });
  assertEquals(await scope.closed(), undefined);
  assertEquals(steps, ["outer", "inner"]);
  assertEquals(await new TaskScope().closed(), undefined);
});

Deno.test("TaskScope aborts all when one fails, and tells the first failure", async () => {
  const scope = new TaskScope();
  const failure = new Error("broken");
  scope.run(untilAborted);
  scope.run(async (signal) => {
    await untilAborted(signal);
    throw new Error("because of the abort");
  });
  scope.run(() => Promise.reject(failure));
  assert(await scope.closed() === failure);
  assert(scope.signal.reason === failure);
});

Deno.test("TaskScope.run() takes a task that throws at once for one that fails", async () => {
  const scope = new TaskScope();
  scope.run(() => {
    throw new Error("at once");
  });
  assertEquals(`${await scope.closed()}`, "Error: at once");
});

Deno.test("TaskScope aborts with its parent, before and after it was made", async () => {
  const parent = new AbortController();
  const scope = new TaskScope(parent.signal);
  scope.run(untilAborted);
  parent.abort("over");
  assertEquals(await scope.closed(), undefined);
  assertEquals(scope.signal.reason, "over");
  assertEquals(new TaskScope(parent.signal).signal.reason, "over");
});

Deno.test("TaskScope ends its tasks when its block does", async () => {
  let ended = 0;
  {
    await using scope = new TaskScope();
    scope.run(async (signal) => {
      await untilAborted(signal);
      await new Promise<void>(endOfTurn);
      ended++;
    });
  }
  assertEquals(ended, 1);
});
