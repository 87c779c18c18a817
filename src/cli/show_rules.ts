import { columns } from "./columns.ts";
import type { Command } from "./command.ts";
import { quietJson } from "./quiet_json.ts";
import { RestClient, TOKEN_FLAG } from "./rest_client.ts";

interface Summary {
  readonly id: string;
  readonly status: string;
  readonly tags?: readonly string[];
}

/** `kuiper show rules`. */
export const command: Command = {
  words: "show rules",
  usage: ["[--json]"],
  about: "List the rules and their states.",
  flags: [{ name: "json", doc: "print an array of JSON" }, TOKEN_FLAG],
  examples: [
    ["kuiper show rules", "for people"],
    ["kuiper show rules --json", "for programs"],
  ],
  async run(call) {
    const { terminal, flags } = call;
    await using rest = await RestClient.open(call);
    const rules = (await rest.ask("GET", ["rules"])).json() as Summary[];
    if (flags.on("json")) {
      await terminal.print(`${quietJson(JSON.stringify(rules))}\n`);
    } else if (rules.length === 0) {
      terminal.note('there are no rules; "kuiper help create rule" shows how to make one');
    } else {
      const rows = rules.map(({ id, status, tags = [] }) => [id, status, tags.join(" ")]);
      await terminal.print(columns(["id", "status", "tags"], rows, { style: terminal.style }));
    }
    return 0;
  },
};
