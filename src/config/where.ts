import type { Place } from "./finding.ts";
import type { Secrets } from "./secrets.ts";
import type { KeyPath } from "./yaml_locator.ts";

/** Tells a check where the properties that it looks at come from, and how to call them. */
export interface Where {
  /** Where the key at the end of `path`, or its value, stands. */
  locate(path: KeyPath, of: "key" | "value"): Place;
  /** The name of a property in messages: `default.qos`. */
  label(path: KeyPath): string;
  /** Masks values in messages. */
  readonly secrets?: Secrets;
}

/** `basic.list[2].name`. */
export function joinPath(path: KeyPath): string {
  return path.map((step, i) => typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)
    .join("");
}

/** The same as `where` for what lies below `path`. */
export function below(where: Where, path: KeyPath): Where {
  return {
    ...where,
    locate: (inner, of) => where.locate([...path, ...inner], of),
    label: (inner) => where.label([...path, ...inner]),
  };
}
