import { findMosquitto } from "../fakes/mod.ts";
import { binaryTest } from "./_kuiper.ts";

/** A test of the binary with a real broker. */
export function mqttTest(name: string, run: () => Promise<void>): void {
  if (findMosquitto() === undefined) {
    Deno.test({
      name: `${name} (skipped: mosquitto is not installed)`,
      ignore: Deno.env.get("CI") === undefined,
      fn: () => {
        throw new Error("mosquitto is not installed, and CI skips no test");
      },
    });
  } else binaryTest(name, run);
}
