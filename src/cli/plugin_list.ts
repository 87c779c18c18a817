import { columns } from "./columns.ts";
import type { Call, Command } from "./command.ts";
import type { PluginOf } from "./engine.ts";
import { openEngine } from "./open_engine.ts";
import { kindFlag } from "./plugin_kind.ts";
import { shortHash } from "./proposal_text.ts";
import { jsonForPeople } from "./quiet_json.ts";

/** `kuiper plugin list`. */
export const command: Command = {
  words: "plugin list",
  usage: ["[--kind=source|sink|function] [--json]"],
  about:
    "List the plugins: what each is, where it is from, how it is isolated, what it may do, what is pinned.",
  flags: [
    { name: "kind", value: "KIND", doc: "only sources, sinks or functions" },
    { name: "json", doc: "print an array of JSON" },
  ],
  examples: [
    ["kuiper plugin list", "for people"],
    ["kuiper plugin list --json", "for programs"],
  ],
  run: (call) => listPlugins(call, kindFlag(call.flags)),
};

/** Print the list, or that of one kind. @returns the exit code. */
export async function listPlugins(call: Call, kind: PluginOf | undefined): Promise<number> {
  const { terminal, flags } = call;
  await using engine = await openEngine(call, { quiet: true });
  const all = await engine.listPlugins();
  const plugins = all.filter(({ of }) => kind === undefined || of === kind);
  if (flags.on("json")) {
    await terminal.print(jsonForPeople(plugins));
    return 0;
  }
  const rows = plugins.map(({ name, of, from, kind, version, isolation, grant, hash }) => [
    name,
    of,
    from,
    version ?? "",
    isolation,
    grant,
    hash !== undefined ? shortHash(hash) : kind === "file" ? "a file, not pinned" : "NOT PINNED",
  ]);
  const head = ["name", "kind", "from", "version", "isolation", "grant", "pinned"];
  await terminal.print(columns(head, rows, { style: terminal.style }));
  return 0;
}
