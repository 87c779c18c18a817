import { main } from "./src/cli/mod.ts";

// Imported by something else, such as a Worker, it must not start a second time.
if (import.meta.main) Deno.exit(await main(Deno.args));
