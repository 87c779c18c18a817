import { showValue, type Value } from "../core/mod.ts";
import { ANY, arg, type Definition, inGroup } from "./define.ts";
import { followJsonPath, parseJsonPath } from "./json_path.ts";
import { noResult, textOf } from "./read_arg.ts";

/** What a path finds in a value. */
function query(
  face: Pick<Definition, "name" | "doc" | "returns">,
  answer: (found: Value[]) => Value,
): Definition {
  const { name } = face;
  return {
    ...face,
    args: [arg("value", ANY), arg("path", ["string"])],
    call([value, path]) {
      const text = textOf(path!, name);
      const steps = parseJsonPath(text);
      if (steps === undefined) {
        throw noResult(name, `${showValue(text)} is no path, expected one such as "$.a[0].b"`);
      }
      return answer(followJsonPath(value!, steps));
    },
  };
}

/** `json`: what a path such as `$.a[0].b` finds in a value. */
export const JSON_PATH = inGroup("json", [
  query({
    name: "json_path_exists",
    doc: "Whether the path leads to something in the value",
    returns: "boolean",
  }, (found) => found.length > 0),
  query({
    name: "json_path_query",
    doc: "An array of all that the path leads to in the value",
    returns: "array",
  }, (found) => found),
  query({
    name: "json_path_query_first",
    doc: "The first of what the path leads to in the value; null when there is nothing",
    returns: "any",
  }, (found) => found[0] ?? null),
]);
