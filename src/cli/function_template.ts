import type { PluginNames, PluginTemplate } from "./plugin_template.ts";

/** What `plugin new` writes of a function. */
export const FUNCTION_TEMPLATE: PluginTemplate = {
  moduleText,
  ownNames: ["manifest", "number"],
};

/** The function's own file. */
function moduleText({ type }: PluginNames): string {
  return `/**
 * The function "${type}". A query calls it by its name:
 *
 *   kuiper query 'SELECT ${type}(temperature, 0, 100) AS t FROM demo'
 *
 * It runs as it is, in a sandbox: nothing of the network, the disk and the environment can be reached but what
 * etc/plugins.yaml grants. It may import "kuiper" and files of this folder.
 *
 *   kuiper plugin check ${type}        try it, step by step
 */
import type { Manifest, Value } from "kuiper";

/** What the module says of itself. Optional. */
export const manifest: Manifest = {
  contract: 1,
  version: "0.1.0",
  description: "A number, held between a least and a most",
  // What it would need to be granted, such as: permissions: { net: ["api.example.com:443"] }
};

/**
 * Called for one row after the other with the values of its arguments; null where a row has none. It may be async: a
 * whole batch of rows has five seconds.
 *
 * What it returns is a value of SQL: null, a boolean, number, bigint, string, Uint8Array, Date, an array, a plain
 * object. Throw an Error with a clear sentence to drop the row.
 */
export function ${type}(value: Value, least: Value = 0, most: Value = 100): Value {
  if (value === null) return null;
  const wanted = number(value, "the value");
  return Math.min(Math.max(wanted, number(least, "the least")), number(most, "the most"));
}

/** A BIGINT beyond what a number can hold comes as a bigint. */
function number(value: Value, what: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  throw new TypeError(\`\${what} is no number\`);
}
`;
}
