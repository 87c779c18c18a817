import { ruleVerb } from "./rule_verb.ts";

/** `kuiper start rule`. */
export const command = ruleVerb({
  verb: "start",
  about: "Start a rule that is stopped. It is started again whenever the server starts.",
  done: "is started",
  example: "run the rule hot",
});
