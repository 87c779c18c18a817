import { assertRejects } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { run } from "../../../src/dev/run.ts";

Deno.test("run() passes the environment on and reports how a command ended", async () => {
  const program = 'Deno.exit(Deno.env.get("KUIPER_TEST") === "yes" ? 0 : 7)';
  const args = ["eval", program];
  await run(Deno.execPath(), args, { env: { KUIPER_TEST: "yes" }, quiet: true });
  await assertRejects(() => run(Deno.execPath(), args), KuiperError, "ended with exit code 7");
});

Deno.test("run() says that a command is not there", async () => {
  await assertRejects(() => run("no-such-command", ["x"]), KuiperError, "does not start here");
});
