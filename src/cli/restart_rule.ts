import { ruleVerb } from "./rule_verb.ts";

/** `kuiper restart rule`. */
export const command = ruleVerb({
  verb: "restart",
  about: "Stop a rule and start it.",
  done: "is restarted",
  example: "start the rule hot anew",
});
