import type { FunctionContext } from "../contract/mod.ts";
import type { Value } from "../core/mod.ts";
import { ANY, arg, type Definition, inGroup, rest } from "./define.ts";
import { textOf } from "./read_arg.ts";

/** What the source says of the event itself. */
function metadata(name: string, doc: string): Definition {
  return {
    name,
    doc,
    args: [arg("key", ANY)],
    returns: "any",
    deterministic: false,
    call([key], { meta }) {
      const asked = textOf(key!, name);
      if (asked === "*") return { ...meta };
      return Object.hasOwn(meta, asked) ? meta[asked] ?? null : null;
    },
  };
}

/** The time of the event; by which of two names. */
function eventTime(name: string, doc: string): Definition {
  return {
    name,
    doc,
    args: [],
    returns: "bigint",
    deterministic: false,
    call: (_, { timestamp }: FunctionContext) => timestamp,
  };
}

/** `other`: what belongs to no value. */
export const OTHER = inGroup("other", [
  {
    name: "coalesce",
    doc: "The first of the values that is not null",
    args: [arg("value", ANY), rest("more", ANY)],
    returns: (types) => types.every((type) => type === types[0]) ? types[0]! : "any",
    nulls: "pass",
    call: (args) => args.find((value) => value !== null) ?? null,
  },
  eventTime("event_time", "The time of the event, in milliseconds since 1970"),
  {
    name: "isnull",
    doc: "Whether the value is null",
    args: [arg("value", ANY)],
    returns: "boolean",
    nulls: "pass",
    call: ([value]: readonly Value[]) => value === null,
  },
  metadata(
    "meta",
    "What the source says of the event under a key, such as meta(topic); meta(*) is all of it",
  ),
  metadata("mqtt", "The same as meta, for events from MQTT: mqtt(topic), mqtt(messageid)"),
  {
    name: "newuuid",
    doc: "A new UUID of version 4",
    args: [],
    returns: "string",
    deterministic: false,
    call: () => crypto.randomUUID(),
  },
  {
    name: "rule_id",
    doc: "The id of the rule",
    args: [],
    returns: "string",
    deterministic: false,
    call: (_, { ruleId }) => ruleId,
  },
  {
    name: "tstamp",
    doc: "The clock, in milliseconds since 1970",
    args: [],
    returns: "bigint",
    deterministic: false,
    call: (_, context) => context.now(),
  },
]);
