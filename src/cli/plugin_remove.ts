import type { Call, Command } from "./command.ts";
import type { PluginOf } from "./engine.ts";
import { openEngine } from "./open_engine.ts";

/** `kuiper plugin remove`. */
export const command: Command = {
  words: "plugin remove",
  usage: ["NAME"],
  about: `Forget a plugin by URL: its entry in etc/plugins.yaml and its hashes in kuiper.lock. It is
refused while a stored stream or rule uses it; one that cannot be read, because another version
wrote it, is named and does not stand in the way.`,
  positionals: [{ name: "NAME" }],
  examples: [["kuiper plugin remove weather", "forget it"]],
  run(call) {
    const [name = ""] = call.args;
    return removePlugin(call, name);
  },
};

/** Remove a plugin, which has to be `of` the kind where one is given. @returns the exit code. */
export async function removePlugin(call: Call, name: string, of?: PluginOf): Promise<number> {
  await using engine = await openEngine(call, { quiet: true });
  if (of !== undefined) await engine.describePlugin(name, of);
  const unreadable = await engine.removePlugin(name);
  call.terminal.note(`plugin "${name}" is removed`);
  for (const text of unreadable) call.terminal.note(text);
  return 0;
}
