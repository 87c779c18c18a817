import { compileEqual, showValue, type Value } from "../core/mod.ts";
import { alias, ANY, arg, type Definition, inGroup, optional, rest } from "./define.ts";
import { equalityKey } from "./equality_key.ts";
import { arrayOf, integerOf, MOST_MADE, noResult, structOf, textOf, unfit } from "./read_arg.ts";

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

/** A separator of so few characters may stand between any number of elements. */
const SHORT = 8;

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
      const between = textOf(separator!, "array_join");
      const forNull = nullText === undefined ? undefined : textOf(nullText, "array_join");
      const items = arrayOf(array!, "array_join");
      const nulls = forNull === undefined ? 0 : items.filter((item) => item === null).length;
      const made = items.length * between.length + nulls * (forNull?.length ?? 0);
      // What is short is about as long as what it separates.
      if (made > Math.max(MOST_MADE, items.length * SHORT)) {
        throw noResult("array_join", `the result might have more than ${MOST_MADE} characters`);
      }
      const texts: string[] = [];
      for (const item of items) {
        if (item !== null) texts.push(textOf(item, "array_join"));
        else if (forNull !== undefined) texts.push(forNull);
      }
      return texts.join(between);
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

function placeOf(array: readonly Value[], value: Value): number {
  const equals = compileEqual(value);
  return array.findIndex((item) => item !== null && equals(item) === true);
}

function distinct(array: readonly Value[]): Value[] {
  const seen = new Set<string>();
  return array.filter((item) => {
    const key = equalityKey(item);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
