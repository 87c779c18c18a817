import { fail } from "../core/mod.ts";

/** Most characters of a rule's id. */
const MOST_CHARACTERS = 128;

/** What no id holds: parts of a path or of a URL, control characters, and marks that reorder or hide text. */
const REFUSED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}/\\?#%]/u;

/**
 * `id` when it can name a rule: in a URL, a log line and a metric.
 *
 * @throws KuiperError `rule` that says what is wrong with it.
 */
export function checkRuleId(id: unknown): string {
  if (id === undefined || id === null || id === "") {
    throw fail("rule", 'The rule has no "id", give it one');
  }
  if (typeof id !== "string") {
    throw fail("rule", `The rule's "id" is a ${typeof id}, expected a text`);
  }
  if (id.length > MOST_CHARACTERS) {
    throw fail(
      "rule",
      `The rule's "id" has ${id.length} characters, at most ${MOST_CHARACTERS} are taken`,
    );
  }
  const shown = JSON.stringify(id);
  const refused = REFUSED.exec(id);
  if (refused !== null) {
    throw fail(
      "rule",
      `The rule's "id" ${shown} holds ${JSON.stringify(refused[0])}, leave it out`,
    );
  }
  if (id.trim() !== id || /^\.+$/.test(id)) {
    throw fail("rule", `The rule's "id" ${shown} cannot name a rule, choose letters and digits`);
  }
  return id;
}
