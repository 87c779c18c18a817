import { columns } from "./columns.ts";
import type { Call, Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";
import { shortHash } from "./proposal_text.ts";

/** `kuiper plugin list`. */
export const command: Command = {
  words: "plugin list",
  usage: ["[--json]"],
  about:
    "List the plugins: where each is from, how it is isolated, what it may do, what is pinned.",
  flags: [{ name: "json", doc: "print an array of JSON" }],
  examples: [
    ["kuiper plugin list", "for people"],
    ["kuiper plugin list --json", "for programs"],
  ],
  run: listPlugins,
};

/** Print the list. @returns the exit code. */
export async function listPlugins(call: Call): Promise<number> {
  const { terminal, flags } = call;
  await using engine = await openEngine(call, { quiet: true });
  const plugins = await engine.listPlugins();
  if (flags.on("json")) {
    await terminal.print(`${JSON.stringify(plugins, null, 2)}\n`);
    return 0;
  }
  const rows = plugins.map(({ name, from, kind, version, isolation, grant, hash }) => [
    name,
    from,
    version ?? "",
    isolation,
    grant,
    hash !== undefined ? shortHash(hash) : kind === "file" ? "a file, not pinned" : "NOT PINNED",
  ]);
  const head = ["name", "from", "version", "isolation", "grant", "pinned"];
  await terminal.print(columns(head, rows, { style: terminal.style }));
  return 0;
}
