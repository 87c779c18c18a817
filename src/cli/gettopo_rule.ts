import type { Command } from "./command.ts";
import { jsonForPeople } from "./quiet_json.ts";
import { RestClient, TOKEN_FLAG } from "./rest_client.ts";

/** `kuiper gettopo rule`. */
export const command: Command = {
  words: "gettopo rule",
  usage: ["NAME"],
  about: "Show the parts of a rule and what flows into what, as JSON.",
  positionals: [{ name: "NAME" }],
  flags: [TOKEN_FLAG],
  examples: [["kuiper gettopo rule hot", "from its source to its sinks"]],
  async run(call) {
    const [name = ""] = call.args;
    await using rest = await RestClient.open(call);
    const topo = (await rest.ask("GET", ["rules", name, "topo"])).json();
    await call.terminal.print(jsonForPeople(topo));
    return 0;
  },
};
