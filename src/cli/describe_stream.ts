import type { Command } from "./command.ts";
import { facts } from "./columns.ts";
import type { StreamDescription } from "./engine.ts";
import { openEngine } from "./open_engine.ts";
import { jsonForPeople } from "./quiet_json.ts";
import type { Style } from "./style.ts";

/** `kuiper describe stream`. */
export const command: Command = {
  words: "describe stream",
  usage: ["NAME [--json]"],
  about: `Show a stream: its definition as SQL (secrets masked), where its source comes from, which
configuration it reads, how it is isolated and what it may do. The exit code is 1 when the source
cannot be found or configured.`,
  positionals: [{ name: "NAME" }],
  flags: [{ name: "json", doc: "print an object of JSON" }],
  examples: [
    ["kuiper describe stream demo", "for people"],
    ["kuiper describe stream demo --json", "for programs"],
  ],
  async run(call) {
    const { terminal, flags } = call;
    const [name = ""] = call.args;
    await using engine = await openEngine(call, { quiet: true });
    const description = await engine.describeStream(name);
    await terminal.print(
      flags.on("json") ? jsonForPeople(description) : describe(description, terminal.style),
    );
    if (description.problem === undefined) return 0;
    terminal.warn(description.problem);
    return 1;
  },
};

function describe({ statement, source }: StreamDescription, style: Style): string {
  if (source === undefined) return `${statement}\n`;
  const { provenance } = source;
  const lines = facts([
    ["source", `${source.type}, ${source.builtin ? "built in" : "a plugin"}`],
    ["file", source.file],
    ["url", provenance?.url],
    ["hash", provenance?.hash],
    ["signed by", provenance?.signer],
    ["version", source.version],
    ["configuration", source.configFiles.join(", ") || "none"],
    ["isolation", source.isolation],
    ["limits", provenance?.limits],
    ["wrapper", provenance?.wrapper],
    ["grant", source.grant],
    ["contract", provenance === undefined ? undefined : `${provenance.contract}`],
  ], style);
  return `${statement}\n\n${lines}`;
}
