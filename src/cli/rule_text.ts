import { fail, messageOf } from "../core/mod.ts";
import type { Call, Flag } from "./command.ts";
import { readStatements } from "./definitions.ts";

/** For the commands that take a rule. */
export const RULE_FILE_FLAG: Flag = {
  name: "file",
  short: "f",
  value: "FILE",
  doc: "a file with the rule's JSON",
};

/**
 * The rule that a command line gives: `NAME JSON`, `JSON`, `NAME -f FILE` or `-f FILE`. NAME becomes its id.
 *
 * @throws KuiperError `usage` when it is no object of JSON, or has another id.
 */
export async function ruleOf({ args, flags }: Pick<Call, "args" | "flags">): Promise<
  Record<string, unknown>
> {
  const [first, second] = args;
  const file = flags.text("file");
  if (file !== undefined) {
    if (second !== undefined) throw fail("usage", "Expected a rule or -f FILE, not both");
    return named(parse(await readStatements(file), `"${file}"`), first);
  }
  if (first === undefined) throw fail("usage", "NAME and the rule are missing");
  if (second !== undefined) return named(parse(second, "The rule"), first);
  if (first.trimStart().startsWith("{")) return parse(first, "The rule");
  throw fail(
    "usage",
    `The rule "${first}" is missing: '{"sql": "SELECT * FROM demo", "actions": [{"log": {}}]}' ` +
      "is the shortest",
  );
}

function parse(text: string, what: string): Record<string, unknown> {
  let rule: unknown;
  try {
    rule = JSON.parse(text);
  } catch (error) {
    throw fail("usage", `${what} is no JSON: ${messageOf(error)}`, error);
  }
  if (typeof rule === "object" && rule !== null && !Array.isArray(rule)) {
    return rule as Record<string, unknown>;
  }
  throw fail("usage", `${what} is no object, expected {"sql": …, "actions": […]}`);
}

function named(rule: Record<string, unknown>, name: string | undefined): Record<string, unknown> {
  if (name === undefined) return rule;
  if (rule["id"] !== undefined && rule["id"] !== name) {
    throw fail("usage", `NAME is "${name}" and the rule's "id" is ${JSON.stringify(rule["id"])}`);
  }
  return { ...rule, id: name };
}
