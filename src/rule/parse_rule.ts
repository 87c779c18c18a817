/**
 * A rule as its JSON tells it, eKuiper's names and shape, to a definition that is complete and checked.
 */
import { fail, type Json } from "../core/mod.ts";
import { OVERFLOW_POLICIES, type OverflowPolicy } from "../flow/mod.ts";
import { ABSENT_OPTIONS, refuseAbsentOptions } from "./absent_options.ts";
import { checkJson, isObject, JsonFields } from "./json_fields.ts";
import type {
  RestartStrategy,
  RuleAction,
  RuleDefinition,
  RuleOptions,
} from "./rule_definition.ts";
import { checkRuleId } from "./rule_id.ts";

const RULE_KEYS = [
  "id",
  "name",
  "sql",
  "graph",
  "actions",
  "options",
  "triggered",
  "tags",
  "version",
  "temp",
];

const OPTION_KEYS = [
  "debug",
  "bufferLength",
  "overflow",
  "disableBufferFullDiscard",
  "sendMetaToSink",
  "sendNilField",
  "sendError",
  "restartStrategy",
  ...ABSENT_OPTIONS,
];

const RESTART_KEYS = ["attempts", "delay", "multiplier", "maxDelay", "jitterFactor"];

/** What holds where a rule says nothing. */
export const DEFAULT_RULE_OPTIONS: RuleOptions = {
  debug: false,
  bufferLength: 1024,
  sendMetaToSink: false,
  sendNilField: false,
  sendError: false,
  restartStrategy: {
    attempts: 0,
    delayMs: 1000,
    multiplier: 2,
    maxDelayMs: 30_000,
    jitterFactor: 0.1,
  },
};

/** Most tuples in one buffer of a rule. */
const MOST_BUFFERED = 10_000_000;
/** Most restarts, and most that a delay may be: a week. */
const MOST_ATTEMPTS = 1_000_000;
const MOST_DELAY_MS = 604_800_000;
const MOST_ACTIONS = 64;
const MOST_TAGS = 64;
/** Most characters of a name, a version, a tag. */
const MOST_CHARACTERS = 256;

/**
 * Read a rule.
 *
 * @param json what was parsed from the text.
 * @param options.id the id when the address tells it; the JSON may then leave it out, but not say another one.
 * @throws KuiperError `rule`: one sentence with the path of what is wrong.
 */
export function parseRule(json: unknown, options: { id?: string } = {}): RuleDefinition {
  if (!isObject(json)) throw fail("rule", 'The rule is no JSON object, expected {"id": …}');
  const id = checkRuleId(json["id"] ?? options.id);
  if (options.id !== undefined && options.id !== id) {
    throw fail("rule", `Rule "${options.id}": "id" is "${id}", leave it out or say the same`);
  }
  const what = `Rule "${id}"`;
  const fields = new JsonFields(json, { what, path: "", known: RULE_KEYS });
  refuseForms(fields);
  return {
    id,
    name: boundedText(fields, "name"),
    sql: requiredText(fields, "sql"),
    actions: parseActions(fields),
    options: parseOptions(fields),
    triggered: fields.flag("triggered", true),
    tags: parseTags(fields),
    version: boundedText(fields, "version"),
  };
}

/** What eKuiper has and this version lacks, at the outermost level. */
function refuseForms(fields: JsonFields): void {
  if (fields.has("graph")) {
    throw fail(
      "rule",
      `${fields.what}: A "graph" in place of SQL is not in this version, write "sql" and "actions"`,
    );
  }
  if (fields.flag("temp", false)) {
    throw fail(
      "rule",
      `${fields.what}: A temporary rule is not in this version, leave "temp" out`,
    );
  }
}

function requiredText(fields: JsonFields, key: string): string {
  const text = fields.text(key, "");
  if (text.trim() === "") throw fail("rule", `${fields.what}: "${key}" is missing, say what it is`);
  return text;
}

function boundedText(fields: JsonFields, key: string): string {
  const text = fields.text(key, "");
  if (text.length > MOST_CHARACTERS) {
    throw fields.wrong(key, `at most ${MOST_CHARACTERS} characters`);
  }
  return text;
}

function parseTags(fields: JsonFields): string[] {
  const tags = fields.list("tags");
  if (tags.length > MOST_TAGS) throw fields.wrong("tags", `at most ${MOST_TAGS} of them`);
  return tags.map((tag, i) => {
    if (typeof tag !== "string" || tag === "" || tag.length > MOST_CHARACTERS) {
      throw fail(
        "rule",
        `${fields.what}: "tags[${i}]" is no text of 1 to ${MOST_CHARACTERS} characters`,
      );
    }
    return tag;
  });
}

function parseActions(fields: JsonFields): RuleAction[] {
  const list = fields.list("actions");
  const actions = list.flatMap((entry, i): RuleAction[] => {
    const path = `actions[${i}]`;
    if (!isObject(entry) || Object.keys(entry).length === 0) {
      throw fail(
        "rule",
        `${fields.what}: "${path}" names no sink, write {"log": {}} or another type with its ` +
          `properties`,
      );
    }
    // One entry may hold several sinks: eKuiper takes that too.
    return Object.entries(entry).map(([type, props]) => ({
      type,
      props: actionProps(props, `${fields.what}: "${path}.${type}"`),
    }));
  });
  if (actions.length === 0) {
    throw fail("rule", `${fields.what}: "actions" is empty, name a sink such as {"log": {}}`);
  }
  if (actions.length > MOST_ACTIONS) {
    throw fields.wrong("actions", `at most ${MOST_ACTIONS} of them`);
  }
  return actions;
}

function actionProps(props: unknown, what: string): RuleAction["props"] {
  if (!isObject(props)) {
    throw fail("rule", `${what} is no object of the sink's properties, write {} for none`);
  }
  return checkJson(props, what) as { [key: string]: Json };
}

function parseOptions(rule: JsonFields): RuleOptions {
  const fields = rule.inner("options", OPTION_KEYS);
  refuseAbsentOptions(fields);
  const defaults = DEFAULT_RULE_OPTIONS;
  const overflow = parseOverflow(fields);
  return {
    debug: fields.flag("debug", defaults.debug),
    bufferLength: fields.number("bufferLength", defaults.bufferLength, {
      least: 1,
      most: MOST_BUFFERED,
      whole: true,
    }),
    ...(overflow === undefined ? {} : { overflow }),
    sendMetaToSink: fields.flag("sendMetaToSink", defaults.sendMetaToSink),
    sendNilField: fields.flag("sendNilField", defaults.sendNilField),
    sendError: fields.flag("sendError", defaults.sendError),
    restartStrategy: parseRestart(fields),
  };
}

/** eKuiper's switch and our option say the same; `false`, its default, says nothing. */
function parseOverflow(fields: JsonFields): OverflowPolicy | undefined {
  const overflow = fields.choice("overflow", OVERFLOW_POLICIES);
  if (!fields.flag("disableBufferFullDiscard", false)) return overflow;
  if (overflow !== undefined && overflow !== "wait") {
    throw fail(
      "rule",
      `${fields.what}: "options.overflow" is "${overflow}" and "options.disableBufferFullDiscard" ` +
        `is true, which is "wait": leave one of the two out`,
    );
  }
  return "wait";
}

function parseRestart(options: JsonFields): RestartStrategy {
  const fields = options.inner("restartStrategy", RESTART_KEYS);
  const defaults = DEFAULT_RULE_OPTIONS.restartStrategy;
  const delay = (key: string, otherwiseMs: number) => {
    const ms = fields.duration(key, otherwiseMs);
    if (ms > MOST_DELAY_MS) throw fields.wrong(key, "at most a week");
    return ms;
  };
  const delayMs = delay("delay", defaults.delayMs);
  return {
    attempts: fields.number("attempts", defaults.attempts, {
      least: 0,
      most: MOST_ATTEMPTS,
      whole: true,
    }),
    delayMs,
    multiplier: fields.number("multiplier", defaults.multiplier, { least: 1, most: 1000 }),
    // Who says only a long delay means it.
    maxDelayMs: delay("maxDelay", Math.max(defaults.maxDelayMs, delayMs)),
    jitterFactor: fields.number("jitterFactor", defaults.jitterFactor, { least: 0, most: 1 }),
  };
}
