/** The first argument of a child of this program that holds a plugin; `ISOLATE_COMMAND` of the loader. */
const ISOLATE = "__isolate";

// Imported by something else, such as a Worker, it must not start a second time.
if (import.meta.main) Deno.exit(await run(Deno.args));

/** The two lives of the program, each loading its own part only: every plugin's process pays for what it loads. */
async function run(args: readonly string[]): Promise<number> {
  if (args[0] === ISOLATE) {
    const { runIsolateChild } = await import("./src/loader/mod.ts");
    return await runIsolateChild();
  }
  const { main } = await import("./src/cli/mod.ts");
  return await main(args);
}
