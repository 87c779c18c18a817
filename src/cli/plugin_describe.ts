import { facts } from "./columns.ts";
import type { Call, Command } from "./command.ts";
import type { PluginDescription } from "./engine.ts";
import { openEngine } from "./open_engine.ts";
import { modulesTable } from "./proposal_text.ts";
import type { Style } from "./style.ts";

/** `kuiper plugin describe`. */
export const command: Command = {
  words: "plugin describe",
  usage: ["NAME [--json]"],
  about: `Show a plugin: where it is from, the hash of its code, its manifest, what it asks for and
what it was granted, how it is isolated, and which streams use it.`,
  positionals: [{ name: "NAME" }],
  flags: [{ name: "json", doc: "print an object of JSON" }],
  examples: [["kuiper plugin describe weather", "where it is from and what it may do"]],
  run(call) {
    const [name = ""] = call.args;
    return describePlugin(call, name);
  },
};

/** Print what is known of a plugin. @returns the exit code. */
export async function describePlugin(call: Call, name: string): Promise<number> {
  const { terminal, flags } = call;
  await using engine = await openEngine(call, { quiet: true });
  const description = await engine.describePlugin(name);
  await terminal.print(
    flags.on("json")
      ? `${JSON.stringify(description, null, 2)}\n`
      : descriptionText(description, terminal.style),
  );
  return 0;
}

function descriptionText(plugin: PluginDescription, style: Style): string {
  const list = (items: readonly string[]) => items.length === 0 ? undefined : items.join(", ");
  const about = facts([
    ["plugin", plugin.name],
    [plugin.kind, plugin.from],
    ["hash", plugin.kind === "url" ? plugin.hash ?? "none: its code is not approved" : undefined],
    ["version", plugin.version],
    ["description", plugin.description],
    ["licence", plugin.licence],
    ["properties", list(plugin.properties)],
    ["node modules", list(plugin.nodeModules)],
    ["asks for", plugin.asks],
    ["grant", plugin.grant],
    ["isolation", plugin.isolation],
    ["limits", plugin.limits],
    ["contract", `${plugin.contract}`],
    ["streams", list(plugin.streams) ?? "none"],
  ], style);
  return plugin.modules.length === 0 ? about : `${about}\n${modulesTable(plugin, style)}`;
}
