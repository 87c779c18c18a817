import type { Command } from "./command.ts";
import { jsonForPeople } from "./quiet_json.ts";
import { RestClient, TOKEN_FLAG } from "./rest_client.ts";

/** `kuiper describe rule`. */
export const command: Command = {
  words: "describe rule",
  usage: ["NAME"],
  about: "Show a rule as JSON, with all its options; secrets are masked.",
  positionals: [{ name: "NAME" }],
  flags: [TOKEN_FLAG],
  examples: [["kuiper describe rule hot", "what the rule hot is"]],
  async run(call) {
    const [name = ""] = call.args;
    await using rest = await RestClient.open(call);
    const rule = (await rest.ask("GET", ["rules", name])).json();
    await call.terminal.print(jsonForPeople(rule));
    return 0;
  },
};
