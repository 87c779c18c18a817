import { fail } from "../core/mod.ts";

/**
 * A text in a body.
 *
 * @param example what the body should look like, for the error.
 * @throws KuiperError `usage` when the body is no object or the text is not there.
 */
export function textField(body: unknown, field: { name: string; example: string }): string {
  const { name, example } = field;
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw fail("usage", `The body is no object, expected ${example}`);
  }
  const value = Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
  if (typeof value === "string" && value !== "") return value;
  const found = value === undefined ? "missing" : value === "" ? "empty" : "no text";
  throw fail("usage", `"${name}" is ${found} in the body, expected ${example}`);
}
