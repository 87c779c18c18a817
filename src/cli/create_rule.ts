import type { Command } from "./command.ts";
import { RestClient, TOKEN_FLAG } from "./rest_client.ts";
import { RULE_FILE_FLAG, ruleOf } from "./rule_text.ts";

/** `kuiper create rule`. */
export const command: Command = {
  words: "create rule",
  usage: ["NAME JSON", "[NAME] -f FILE"],
  about:
    `Define a rule and store it; a server starts it at once unless "triggered" is false. JSON is
{"sql": "SELECT …", "actions": [{"SINK": {…}}, …], "options": {…}, "triggered": true, "tags": […]}.
Without a server it is stored, and starts with kuiper serve.`,
  positionals: [{ name: "NAME", optional: true }, { name: "JSON", optional: true }],
  flags: [RULE_FILE_FLAG, TOKEN_FLAG],
  surplus: "put quotes around the JSON, so that the shell keeps it in one piece",
  examples: [
    [
      `kuiper create rule hot '{"sql": "SELECT * FROM demo WHERE t > 50", "actions": [{"log": {}}]}'`,
      "what is hot goes to the log",
    ],
    ["kuiper create rule -f rule.json", "what a file defines, with its id"],
  ],
  async run(call) {
    const rule = await ruleOf(call);
    await using rest = await RestClient.open(call);
    await rest.ask("POST", ["rules"], { body: rule });
    const id = String(rule["id"]);
    if (rest.address !== undefined) call.terminal.note(`rule "${id}" is created`);
    else call.terminal.note(`rule "${id}" is created, it runs with "kuiper serve"`);
    return 0;
  },
};
