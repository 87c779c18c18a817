import { fail } from "../core/mod.ts";
import type { Command } from "./command.ts";
import { RestClient, type RestMethod, TOKEN_FLAG } from "./rest_client.ts";

/** A command on one rule that says only that it is done. */
export interface RuleVerb {
  readonly verb: "drop" | "start" | "stop" | "restart";
  readonly about: string;
  /** What the rule is afterwards: `is started`. */
  readonly done: string;
  readonly example: string;
}

/** `kuiper VERB rule NAME`. */
export function ruleVerb({ verb, about, done, example }: RuleVerb): Command {
  const [method, below]: [RestMethod, string[]] = verb === "drop"
    ? ["DELETE", []]
    : ["POST", [verb]];
  return {
    words: `${verb} rule`,
    usage: ["NAME"],
    about,
    positionals: [{ name: "NAME" }],
    flags: [TOKEN_FLAG],
    examples: [[`kuiper ${verb} rule hot`, example]],
    async run(call) {
      const [name = ""] = call.args;
      await using rest = await RestClient.open(call);
      // That there is no such rule is said first.
      await rest.ask("GET", ["rules", name]);
      if (rest.address === undefined && verb !== "drop") {
        throw fail(
          "not_connected",
          `Cannot ${verb} rule "${name}": no server runs here, start one with "kuiper serve"`,
        );
      }
      await rest.ask(method, ["rules", name, ...below]);
      call.terminal.note(`rule "${name}" ${done}`);
      return 0;
    },
  };
}
