import { isObject, type Value } from "../core/mod.ts";

/** One step of a path. */
type Step = { readonly key: string } | { readonly index: number } | "every";

/** Longest path that is read. */
const MOST_STEPS = 64;
const STEP =
  /\.([A-Za-z_$][\w$]*|\*)|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d{1,9})|(\*))\]/y;

/**
 * Read a path of JSON: `$`, then any number of `.name`, `['name']`, `[n]` (from the end when negative), `[*]` and `.*`.
 *
 * @returns undefined for what is no such path.
 */
export function parseJsonPath(path: string): readonly Step[] | undefined {
  const text = path.trim();
  if (!text.startsWith("$")) return undefined;
  const steps: Step[] = [];
  let at = 1;
  while (at < text.length) {
    STEP.lastIndex = at;
    const found = STEP.exec(text);
    if (found === null || steps.length >= MOST_STEPS) return undefined;
    const [, name, single, double, index, star] = found;
    const key = name ?? single ?? double;
    if (name === "*" || star !== undefined) steps.push("every");
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ key: name ?? key!.replace(/\\(.)/g, "$1") });
    at = STEP.lastIndex;
  }
  return steps;
}

/** All that a path leads to in a value, in order. */
export function followJsonPath(value: Value, steps: readonly Step[]): Value[] {
  let found: Value[] = [value];
  for (const step of steps) found = found.flatMap((from) => follow(from, step));
  return found;
}

function follow(from: Value, step: Step): Value[] {
  if (step === "every") {
    return Array.isArray(from) ? from : isObject(from) ? present(Object.values(from)) : [];
  }
  if ("key" in step) {
    return isObject(from) && Object.hasOwn(from, step.key) ? present([from[step.key]]) : [];
  }
  return Array.isArray(from) ? present([from.at(step.index)]) : [];
}

function present(values: readonly (Value | undefined)[]): Value[] {
  return values.filter((value) => value !== undefined);
}
