import type { PluginOf } from "../config/mod.ts";
import { typeKey } from "../loader/mod.ts";
import { parseRule } from "../rule/mod.ts";
import { namesOfQuery } from "../sql/mod.ts";
import type { StoredRule } from "../store/mod.ts";

/** The ids of the rules that send to the sink, or call the function, of a name. */
export function rulesUsing(
  rules: readonly StoredRule[],
  name: string,
  of: Exclude<PluginOf, "source">,
): string[] {
  return rules.filter(({ id, definition }) => {
    const { sql, actions } = parseRule(JSON.parse(definition), { id });
    const names = of === "sink" ? actions.map(({ type }) => type) : namesOfQuery(sql).functions;
    return names.some((one) => typeKey(one) === typeKey(name));
  }).map(({ id }) => id);
}
