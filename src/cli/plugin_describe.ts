import { facts } from "./columns.ts";
import type { Call, Command } from "./command.ts";
import type { PluginDescription, PluginOf } from "./engine.ts";
import { openEngine } from "./open_engine.ts";
import { modulesTable } from "./proposal_text.ts";
import { jsonForPeople } from "./quiet_json.ts";
import { runnerText } from "./runner_text.ts";
import type { Style } from "./style.ts";
import { printable } from "./text_width.ts";

/** `kuiper plugin describe`. */
export const command: Command = {
  words: "plugin describe",
  usage: ["NAME [--json]"],
  about: `Show a plugin: where it is from, the hash of its code, its manifest, what it asks for and
what it was granted, how it is isolated, which streams or rules use it, which run it now with which
code, and which permissions it was denied while stored streams ran it, with the lines that would
grant them.`,
  positionals: [{ name: "NAME" }],
  flags: [{ name: "json", doc: "print an object of JSON" }],
  examples: [["kuiper plugin describe weather", "where it is from and what it may do"]],
  run(call) {
    const [name = ""] = call.args;
    return describePlugin(call, name);
  },
};

/** Print what is known of a plugin, or of one that is `of` a kind. @returns the exit code. */
export async function describePlugin(call: Call, name: string, of?: PluginOf): Promise<number> {
  const { terminal, flags } = call;
  await using engine = await openEngine(call, { quiet: true });
  const description = await engine.describePlugin(name, of);
  await terminal.print(
    flags.on("json") ? jsonForPeople(description) : descriptionText(description, terminal.style),
  );
  return 0;
}

function descriptionText(plugin: PluginDescription, style: Style): string {
  const list = (items: readonly string[]) => items.length === 0 ? undefined : items.join(", ");
  const about = facts([
    ["plugin", plugin.name],
    ["kind", plugin.of],
    [plugin.kind, plugin.from],
    ["hash", plugin.kind === "url" ? plugin.hash ?? "none: its code is not approved" : undefined],
    ["signature", plugin.signature],
    ["version", plugin.version],
    ["description", plugin.description],
    ["licence", plugin.licence],
    ["properties", list(plugin.properties)],
    ["node modules", list(plugin.nodeModules)],
    ["asks for", plugin.asks],
    ["grant", plugin.grant],
    ["isolation", plugin.isolation],
    ["limits", plugin.limits],
    ["restart", plugin.restart],
    ["wrapper", plugin.wrapper],
    ["contract", `${plugin.contract}`],
    plugin.of === "source"
      ? ["streams", list(plugin.streams) ?? "none"]
      : ["rules", list(plugin.rules) ?? "none"],
    ["runs now", runningText(plugin.running ?? [])],
    ...(plugin.unreadable ?? []).map((text): [string, string] => ["and maybe", text]),
  ], style);
  const modules = plugin.modules.length === 0 ? "" : `\n${modulesTable(plugin, style)}`;
  return `${about}${modules}${deniedText(plugin.denied, style)}`;
}

function runningText(running: NonNullable<PluginDescription["running"]>): string | undefined {
  if (running.length === 0) return undefined;
  return running.map((runner) => `${runnerText(runner)}, code of hash ${runner.hash.slice(0, 12)}`)
    .join("; ");
}

/** What was denied, the most frequent first; each with the lines that would grant it. */
function deniedText(denied: PluginDescription["denied"], style: Style): string {
  if (denied === undefined) return "";
  const { total, since, items, rest } = denied;
  const title = `denied ${total} ${total === 1 ? "time" : "times"} since ${date(since)}`;
  const lines = items.map(({ count, lastAt, sentence }) =>
    `${count}×, last ${date(lastAt)}: ${sentence.split("\n").map(printable).join("\n")}\n`
  );
  const others = rest === 0 ? "" : `${rest}× others\n`;
  return `\n${style.bold(title)}\n${lines.join("")}${others}`;
}

function date(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
