import type { Call, Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";

/** `kuiper plugin remove`. */
export const command: Command = {
  words: "plugin remove",
  usage: ["NAME"],
  about: `Forget a plugin by URL: its entry in etc/plugins.yaml and its hashes in kuiper.lock. It is
refused while a stored stream uses it.`,
  positionals: [{ name: "NAME" }],
  examples: [["kuiper plugin remove weather", "forget it"]],
  run(call) {
    const [name = ""] = call.args;
    return removePlugin(call, name);
  },
};

/** Remove a plugin. @returns the exit code. */
export async function removePlugin(call: Call, name: string): Promise<number> {
  await using engine = await openEngine(call, { quiet: true });
  await engine.removePlugin(name);
  call.terminal.note(`plugin "${name}" is removed`);
  return 0;
}
