import type { Props } from "../contract/mod.ts";
import { fail } from "../core/mod.ts";

/** What eKuiper fills in for each row, in the sinks that are built in. */
const FILLED = ["topic", "url", "method", "headers", "path"];
const TEMPLATE = /\{\{.*?\}\}/s;

/**
 * Refuse eKuiper's templates of a row's fields: what is sent would go to a place that is called like the template.
 *
 * @throws KuiperError `config` that names the property.
 */
export function refuseTemplates(props: Props, what: string): void {
  for (const key of FILLED) {
    const value = props[key];
    const texts = typeof value === "object" && value !== null ? Object.values(value) : [value];
    const found = texts.find((text) => typeof text === "string" && TEMPLATE.test(text));
    if (found === undefined) continue;
    throw fail(
      "config",
      `${what}: "${key}" is ${
        JSON.stringify(found)
      }, and a template of the row's fields is not in ` +
        "this version: write the text itself, and a rule for each",
    );
  }
}
