import { type Row, setField, showValue, type Value } from "../core/mod.ts";
import { ANY, arg, inGroup, rest } from "./define.ts";
import { noResult, structOf, textOf } from "./read_arg.ts";

const STRUCT = ["struct"] as const;

/** `object`: structs. A field that is absent is no field. */
export const OBJECT = inGroup("object", [
  {
    name: "erase",
    doc: "The struct without the fields of these names",
    args: [arg("struct", STRUCT), arg("name", ["string", "array"]), rest("more", ["string"])],
    returns: "struct",
    call([struct, ...names]) {
      const erased = namesOf(names, "erase");
      return pick(structOf(struct!, "erase"), (name) => !erased.has(name));
    },
  },
  {
    name: "keys",
    doc: "An array of the names of the struct's fields",
    args: [arg("struct", STRUCT)],
    returns: "array",
    call: ([struct]) => fieldsOf(struct!, "keys").map(([name]) => name),
  },
  {
    name: "object_construct",
    doc: "A struct of names and values in turn; a field whose value is null is left out",
    args: [arg("name", ["string"]), arg("value", ANY), rest("more", ANY)],
    returns: "struct",
    nulls: "pass",
    call(args) {
      if (args.length % 2 !== 0) {
        throw noResult("object_construct", `the name ${showValue(args.at(-1))} has no value`);
      }
      const struct: Row = {};
      for (let i = 0; i < args.length; i += 2) {
        const value = args[i + 1]!;
        if (value !== null) setField(struct, textOf(args[i]!, "object_construct"), value);
      }
      return struct;
    },
  },
  {
    name: "object_pick",
    doc: "The struct with the fields of these names only",
    args: [arg("struct", STRUCT), arg("name", ["string", "array"]), rest("more", ["string"])],
    returns: "struct",
    call([struct, ...names]) {
      const picked = namesOf(names, "object_pick");
      return pick(structOf(struct!, "object_pick"), (name) => picked.has(name));
    },
  },
  {
    name: "object_size",
    doc: "How many fields the struct has",
    args: [arg("struct", STRUCT)],
    returns: "bigint",
    call: ([struct]) => fieldsOf(struct!, "object_size").length,
  },
  {
    name: "values",
    doc: "An array of the values of the struct's fields",
    args: [arg("struct", STRUCT)],
    returns: "array",
    call: ([struct]) => fieldsOf(struct!, "values").map(([, value]) => value),
  },
]);

function fieldsOf(value: Value, name: string): [string, Value][] {
  return Object.entries(structOf(value, name)).filter((field): field is [string, Value] =>
    field[1] !== undefined
  );
}

function pick(struct: Row, keep: (name: string) => boolean): Row {
  const picked: Row = {};
  for (const name of Object.keys(struct)) {
    const value = struct[name];
    if (value !== undefined && keep(name)) setField(picked, name, value);
  }
  return picked;
}

/** Names one by one, or arrays of them. */
function namesOf(values: readonly Value[], name: string): Set<string> {
  return new Set(values.flat().map((value) => textOf(value as Value, name)));
}
