/**
 * `deno task demo`: what `kuiper demo` shows, with a broker that is part of this program, so that nothing needs to be
 * installed. Arguments are those of `kuiper demo`; with `--mqtt` that broker is read instead.
 */
import { main } from "../cli/mod.ts";
import { startDemoBroker } from "./demo_broker.ts";

/** Where `kuiper demo` reads. */
const TOPIC = "demo/sensors";

async function demo(args: readonly string[]): Promise<number> {
  if (args.some((arg) => /^--(mqtt|help)(=|$)/.test(arg))) return await main(["demo", ...args]);
  await using broker = await startDemoBroker(TOPIC);
  return await main(["demo", "--mqtt", broker.url, ...args]);
}

if (import.meta.main) Deno.exit(await demo(Deno.args));
