/** Lines around a change that are shown with it. */
const CONTEXT = 3;
/** Changed lines up to which the shortest difference is looked for; beyond, all old lines go and all new ones come. */
const MOST_CHANGES = 2000;

/** One line of a difference. */
interface Step {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

/**
 * The difference of two texts in the unified form that `diff -u` and git print; empty when there is none.
 *
 * @param options.before what the old text is called.
 */
export function unifiedDiff(
  old: string,
  fresh: string,
  options: { before: string; after: string },
): string {
  if (old === fresh) return "";
  const steps = difference(splitLines(old), splitLines(fresh));
  return [`--- ${options.before}`, `+++ ${options.after}`, ...hunks(steps)].join("\n") + "\n";
}

function splitLines(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  else lines.push(`${lines.pop()}\n\\ No newline at end of file`);
  return lines;
}

function difference(a: readonly string[], b: readonly string[]): Step[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head && tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) tail++;
  const middle = shortest(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const kept = (line: string): Step => ({ sign: " ", line });
  return [...a.slice(0, head).map(kept), ...middle, ...a.slice(a.length - tail).map(kept)];
}

/** Myers' greedy algorithm: the furthest point on every diagonal for each number of changes, then the way back. */
function shortest(a: readonly string[], b: readonly string[]): Step[] {
  const most = Math.min(MOST_CHANGES, a.length + b.length);
  const rounds: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let changes = 0; changes <= most; changes++) {
    rounds.push(new Map(furthest));
    const next = new Map(furthest);
    for (let k = -changes; k <= changes; k += 2) {
      let x = comesFromAbove(furthest, k, changes)
        ? furthest.get(k + 1)!
        : furthest.get(k - 1)! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return wayBack(a, b, rounds);
    }
    furthest = next;
  }
  return [
    ...a.map((line): Step => ({ sign: "-", line })),
    ...b.map((line): Step => ({ sign: "+", line })),
  ];
}

function comesFromAbove(furthest: Map<number, number>, k: number, changes: number): boolean {
  if (k === -changes) return true;
  return k !== changes && furthest.get(k - 1)! < furthest.get(k + 1)!;
}

function wayBack(
  a: readonly string[],
  b: readonly string[],
  rounds: readonly Map<number, number>[],
): Step[] {
  const steps: Step[] = [];
  let x = a.length;
  let y = b.length;
  for (let changes = rounds.length - 1; changes >= 0; changes--) {
    const furthest = rounds[changes]!;
    const k = x - y;
    const before = comesFromAbove(furthest, k, changes) ? k + 1 : k - 1;
    const fromX = changes === 0 ? 0 : furthest.get(before)!;
    const fromY = changes === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) {
      steps.push({ sign: " ", line: a[--x]! });
      y--;
    }
    if (changes === 0) break;
    if (x === fromX) steps.push({ sign: "+", line: b[--y]! });
    else steps.push({ sign: "-", line: a[--x]! });
  }
  return steps.reverse();
}

function hunks(steps: readonly Step[]): string[] {
  const lines: string[] = [];
  let at = 0;
  let oldLine = 1;
  let freshLine = 1;
  const pass = (to: number) => {
    for (; at < to; at++) {
      if (steps[at]!.sign !== "+") oldLine++;
      if (steps[at]!.sign !== "-") freshLine++;
    }
  };
  while (at < steps.length) {
    let first = at;
    while (first < steps.length && steps[first]!.sign === " ") first++;
    if (first === steps.length) break;
    let last = first;
    for (let i = first; i < steps.length && i - last <= 2 * CONTEXT; i++) {
      if (steps[i]!.sign !== " ") last = i;
    }
    const begin = Math.max(at, first - CONTEXT);
    const end = Math.min(steps.length, last + CONTEXT + 1);
    pass(begin);
    const shown = steps.slice(begin, end);
    const old = range(oldLine, shown.filter(({ sign }) => sign !== "+").length);
    const fresh = range(freshLine, shown.filter(({ sign }) => sign !== "-").length);
    lines.push(`@@ -${old} +${fresh} @@`);
    // One by one: they may be more than a call can take.
    for (const { sign, line } of shown) lines.push(sign + line);
    pass(end);
  }
  return lines;
}

function range(line: number, count: number): string {
  return count === 0 ? `${line - 1},0` : count === 1 ? `${line}` : `${line},${count}`;
}
