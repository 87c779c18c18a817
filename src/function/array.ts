import { isEqual, showValue, type Value } from "../core/mod.ts";
import { alias, ANY, arg, type Definition, inGroup, optional, rest } from "./define.ts";
import { arrayOf, integerOf, noResult, structOf, textOf, unfit } from "./read_arg.ts";

const cardinality: Definition = {
  name: "cardinality",
  doc: "How many elements the array has",
  args: [arg("array", ["array"])],
  returns: "bigint",
  call: ([array]) => arrayOf(array!, "cardinality").length,
};

/** The element that is before, or after, all others; null elements are left out. */
function extreme(name: string, doc: string, sign: 1 | -1): Definition {
  return {
    name,
    doc: `${doc}; null when there is none`,
    args: [arg("array", ["array"])],
    returns: "any",
    call([array]) {
      let best: Value = null;
      for (const item of arrayOf(array!, name)) {
        if (item === null) continue;
        const isText = typeof item === "string";
        if (!isText && typeof item !== "number" && typeof item !== "bigint") {
          throw unfit(item, { name, wanted: "number or STRING" });
        }
        if (best !== null && isText !== (typeof best === "string")) {
          throw noResult(name, `${showValue(best)} and ${showValue(item)} have no order`);
        }
        if (best === null || (item > best ? 1 : item < best ? -1 : 0) === sign) best = item;
      }
      return best;
    },
  };
}

/** `array`: arrays. Elements count from 0. */
export const ARRAY = inGroup("array", [
  alias("array_cardinality", cardinality),
  {
    name: "array_contains",
    doc: "Whether an element of the array equals the value",
    args: [arg("array", ["array"]), arg("value", ANY)],
    returns: "boolean",
    call: ([array, value]) => placeOf(arrayOf(array!, "array_contains"), value!) >= 0,
  },
  {
    name: "array_create",
    doc: "An array of the values",
    args: [rest("value", ANY)],
    returns: "array",
    nulls: "pass",
    call: (args) => [...args],
  },
  {
    name: "array_distinct",
    doc: "The array without elements that equal an earlier one",
    args: [arg("array", ["array"])],
    returns: "array",
    call: ([array]) => distinct(arrayOf(array!, "array_distinct")),
  },
  {
    name: "array_join",
    doc:
      "The elements as one text with the separator between them; nulls are left out unless a text for them is given",
    args: [
      arg("array", ["array"]),
      arg("separator", ["string"]),
      optional("null_text", ["string"]),
    ],
    returns: "string",
    call([array, separator, nullText]) {
      const texts: string[] = [];
      for (const item of arrayOf(array!, "array_join")) {
        if (item !== null) texts.push(textOf(item, "array_join"));
        else if (nullText !== undefined) texts.push(textOf(nullText, "array_join"));
      }
      return texts.join(textOf(separator!, "array_join"));
    },
  },
  extreme("array_max", "The greatest element of the array", 1),
  extreme("array_min", "The least element of the array", -1),
  {
    name: "array_position",
    doc: "Where the first element that equals the value is, counted from 0; -1 when there is none",
    args: [arg("array", ["array"]), arg("value", ANY)],
    returns: "bigint",
    call: ([array, value]) => placeOf(arrayOf(array!, "array_position"), value!),
  },
  cardinality,
  {
    name: "element_at",
    doc:
      "The element of the array at a place, from the end when it is negative, or the field of a struct",
    args: [arg("value", ["array", "struct"]), arg("place", ["bigint", "string"])],
    returns: "any",
    call([value, place]) {
      if (!Array.isArray(value)) {
        const struct = structOf(value!, "element_at");
        const key = textOf(place!, "element_at");
        return Object.hasOwn(struct, key) ? struct[key] ?? null : null;
      }
      const found = value.at(integerOf(place!, "element_at"));
      if (found !== undefined) return found;
      throw noResult("element_at", `there is no element ${place} of ${value.length}`);
    },
  },
]);

/** Arrays and structs are compared each with each, which takes too long for many. */
const MOST_COMPARED = 1000;

function placeOf(array: readonly Value[], value: Value): number {
  return array.findIndex((item) => item !== null && isEqual(item, value) === true);
}

function distinct(array: readonly Value[]): Value[] {
  const seen = new Set<Value>();
  const structured: Value[] = [];
  return array.filter((item) => {
    if (typeof item !== "object" || item === null) {
      if (seen.has(item)) return false;
      seen.add(item);
      return true;
    }
    if (structured.some((other) => isEqual(other, item) === true)) return false;
    if (structured.length >= MOST_COMPARED) {
      throw noResult("array_distinct", `more than ${MOST_COMPARED} elements are arrays or structs`);
    }
    structured.push(item);
    return true;
  });
}
