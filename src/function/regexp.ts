/**
 * Regular expressions that cannot stall a rule. The runtime's matcher tries all ways to match, and what makes those
 * more than a power of the length is refused: a group that repeats and has a repetition or an alternative within, back
 * references, and looking ahead or behind. Of the rest the number of steps is estimated, and a text that is too long for
 * its pattern is an error of the row.
 */
import { messageOf, showValue } from "../core/mod.ts";
import { noResult } from "./read_arg.ts";

/** Most steps that a match may take by the estimate: some tenths of a second. */
const MOST_STEPS = 1e8;
const MOST_KEPT = 100;

/** Longest pattern: the runtime needs some microseconds for each of its characters. */
const MOST_WRITTEN = 1000;
/** What a character of the pattern itself takes: the runtime looks for several at once, and repeats one by one. */
const WRITTEN_STEP = 1 / 16;

/** A pattern with what its matching costs. */
interface BoundedPattern {
  readonly regexp: RegExp;
  /** The steps of a match, as the coefficients of a polynomial in the length of the text. */
  readonly steps: readonly number[];
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
  const { regexp, steps } = bounded;
  const length = use.text.length + 1;
  if (steps.reduceRight((sum, coefficient) => sum * length + coefficient, 0) > MOST_STEPS) {
    throw noResult(
      use.name,
      `a text of ${use.text.length} characters is too long for the pattern ${showValue(pattern)}`,
    );
  }
  return regexp;
}

function compile(pattern: string, name: string): BoundedPattern {
  if (pattern.length > MOST_WRITTEN) {
    throw noResult(name, `the pattern has more than ${MOST_WRITTEN} characters`);
  }
  let regexp: RegExp;
  try {
    regexp = new RegExp(pattern, "gu");
  } catch (error) {
    throw noResult(name, messageOf(error).replace(`/${pattern}/gu`, () => showValue(pattern)));
  }
  return { regexp, steps: stepsOf(pattern, name) };
}

/** A group that is open. */
interface Group {
  /** Whether there are several ways through it. */
  hasChoices: boolean;
  /** How many characters it takes at the most, without what repeats without a limit. */
  length: number;
  /** The ways that lead to it, and how many coefficients there were there. */
  readonly ways: number;
  readonly degree: number;
  /** The ways through its alternatives so far. */
  out: number;
}

/**
 * Count the steps from left to right: what a part costs is paid once for each way that leads to it, and a match may begin
 * at each character of the text.
 *
 * @throws KuiperError `row` when it is refused.
 */
function stepsOf(pattern: string, name: string): number[] {
  const refuse = (why: string) => {
    throw noResult(name, `the pattern ${showValue(pattern)} has ${why}, which may take for ever`);
  };
  const steps = [0, 0];
  /** The ways that lead to here are so many, times the length of the text as often as {@link steps} is long. */
  let ways = 1;
  const pay = (count: number) => steps[steps.length - 1]! += ways * count;
  const choose = () => {
    ways *= 2;
    pay(1);
  };
  const newGroup = (): Group => ({
    hasChoices: false,
    length: 0,
    ways,
    degree: steps.length,
    out: 0,
  });
  const groups: Group[] = [newGroup()];
  /** What a repetition that follows repeats. */
  let last = newGroup();
  const token =
    /\\(?:[pPu]\{[^}]*\}|[^])|\[(?:\\[^]|[^\]\\])*\]|\(\?(?:<?[=!]|:|<\w+>)|\{(\d+)(,?)(\d*)\}\??|[*+?]\??|[^]/gu;
  for (const [part, least, comma, most] of pattern.matchAll(token)) {
    const open = groups.at(-1)!;
    const repeated = last;
    last = newGroup();
    if (/^\\[1-9k]/.test(part)) refuse("a back reference");
    else if (/^\(\?<?[=!]/.test(part)) refuse("a look ahead or behind");
    else if (part.startsWith("(")) groups.push(newGroup());
    else if (part === ")") {
      last = groups.pop()!;
      ways += last.out;
      const around = groups.at(-1)!;
      around.length += last.length;
      if (last.hasChoices) around.hasChoices = true;
    } else if (part === "|") {
      open.hasChoices = true;
      if (steps.length === open.degree) {
        // Each alternative is tried from where the group begins.
        open.out += ways;
        ways = open.ways;
        pay(1);
      } else choose();
    } else if (least !== undefined || /^[*+?]/.test(part)) {
      const isOnce = part.startsWith("?");
      if (repeated.hasChoices && !isOnce) refuse("a repetition of a group with choices");
      open.hasChoices = true;
      if (isOnce) choose();
      else {
        const isEndless = least === undefined || (comma === "," && most === "");
        const times = Number(isEndless || comma === "" ? least ?? 0 : most);
        open.length += repeated.length * times;
        pay(Math.max(repeated.length, 1) * times);
        if (isEndless) steps.push(ways);
        else if (comma === ",") ways *= times - Number(least) + 1;
      }
    } else {
      last.length = 1;
      open.length++;
      pay(WRITTEN_STEP);
    }
  }
  return steps;
}
