import { ruleVerb } from "./rule_verb.ts";

/** `kuiper stop rule`. */
export const command = ruleVerb({
  verb: "stop",
  about: "Stop a rule. It stays stopped, also when the server starts again.",
  done: "is stopped",
  example: "stop the rule hot",
});
