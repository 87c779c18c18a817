import type { Command } from "./command.ts";
import { RestClient, TOKEN_FLAG } from "./rest_client.ts";
import { RULE_FILE_FLAG, ruleOf } from "./rule_text.ts";

/** `kuiper validate rule`. */
export const command: Command = {
  words: "validate rule",
  usage: ["NAME JSON", "[NAME] -f FILE"],
  about: "Check a rule without storing it. The exit code is 1 when something is wrong with it.",
  positionals: [{ name: "NAME", optional: true }, { name: "JSON", optional: true }],
  flags: [RULE_FILE_FLAG, TOKEN_FLAG],
  surplus: "put quotes around the JSON, so that the shell keeps it in one piece",
  examples: [["kuiper validate rule -f rule.json", "what is wrong with the rule of a file"]],
  async run(call) {
    const rule = await ruleOf(call);
    await using rest = await RestClient.open(call);
    await rest.ask("POST", ["rules", "validate"], { body: rule });
    call.terminal.note("the rule is valid");
    return 0;
  },
};
