/**
 * Regular expressions that cannot stall a rule. The runtime's matcher tries all ways to match, and what makes those
 * more than a power of the length is refused: a group that repeats and has a repetition or an alternative within, back
 * references, and looking ahead or behind. Of the rest the number of ways is estimated, and a text that is too long for
 * its pattern is an error of the row.
 */
import { messageOf, showValue } from "../core/mod.ts";
import { noResult } from "./read_arg.ts";

/** Most steps that a match may take by the estimate: some tenths of a second. */
const MOST_STEPS = 1e8;
const MOST_KEPT = 100;

/** A pattern with what its matching costs. */
export interface BoundedPattern {
  readonly regexp: RegExp;
  /** How often a part repeats without a limit. */
  readonly unbounded: number;
  /** The ways that the other choices multiply to. */
  readonly ways: number;
}

const kept = new Map<string, BoundedPattern>();

/** Compile a pattern for a text. @throws KuiperError `row` when it is wrong, refused, or the text too long for it. */
export function boundedRegexp(pattern: string, use: { text: string; name: string }): RegExp {
  let bounded = kept.get(pattern);
  if (bounded === undefined) {
    bounded = compile(pattern, use.name);
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
    kept.set(pattern, bounded);
  }
  const { regexp, unbounded, ways } = bounded;
  if (ways * (use.text.length + 1) ** (unbounded + 1) > MOST_STEPS) {
    throw noResult(
      use.name,
      `a text of ${use.text.length} characters is too long for the pattern ${showValue(pattern)}`,
    );
  }
  return regexp;
}

function compile(pattern: string, name: string): BoundedPattern {
  let regexp: RegExp;
  try {
    regexp = new RegExp(pattern, "gu");
  } catch (error) {
    throw noResult(name, messageOf(error));
  }
  const refuse = (why: string) => {
    throw noResult(name, `the pattern ${showValue(pattern)} has ${why}, which may take for ever`);
  };
  let unbounded = 0;
  let ways = 1;
  /** For each open group whether there are several ways through it. */
  const groups = [false];
  let closed: boolean | undefined;
  const token =
    /\\(?:[pPu]\{[^}]*\}|[^])|\[(?:\\[^]|[^\]\\])*\]|\(\?(?:<?[=!]|:|<\w+>)|\{(\d+)(,?)(\d*)\}\??|[*+?]\??|[^]/gu;
  for (const [part, least, comma, most] of pattern.matchAll(token)) {
    const after = closed;
    closed = undefined;
    if (/^\\[1-9k]/.test(part)) refuse("a back reference");
    else if (/^\(\?<?[=!]/.test(part)) refuse("a look ahead or behind");
    else if (part.startsWith("(")) groups.push(false);
    else if (part === ")") {
      closed = groups.pop()!;
      if (closed) groups[groups.length - 1] = true;
    } else if (part === "|") {
      groups[groups.length - 1] = true;
      ways *= 2;
    } else if (least !== undefined || /^[*+?]/.test(part)) {
      const isOnce = part.startsWith("?");
      if (after === true && !isOnce) refuse("a repetition of a group with choices");
      groups[groups.length - 1] = true;
      if (isOnce) ways *= 2;
      else if (least === undefined || (comma === "," && most === "")) unbounded++;
      else if (comma === ",") ways *= Number(most) - Number(least) + 1;
    }
  }
  return { regexp, unbounded, ways };
}
