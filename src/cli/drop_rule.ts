import { ruleVerb } from "./rule_verb.ts";

/** `kuiper drop rule`. */
export const command = ruleVerb({
  verb: "drop",
  about: "Stop a rule and forget it.",
  done: "is dropped",
  example: "forget the rule hot",
});
