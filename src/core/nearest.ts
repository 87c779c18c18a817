/** Longer names are not compared: the work grows with the square, and a plugin's names are as long as it likes. */
const MOST_LETTERS = 100;
/** Most pairs of letters that are compared for one name. */
const MOST_PAIRS = 2_000_000;

/**
 * The names closest to `name`, best first: at most `most`, each within a third of its length in edits. Long names, and those
 * behind the first thousands, are left out.
 */
export function nearest(name: string, names: Iterable<string>, most = 3): string[] {
  const wanted = name.toLowerCase();
  const scored: [number, string][] = [];
  if (wanted.length > MOST_LETTERS) return [];
  let pairs = 0;
  for (const candidate of names) {
    if (candidate.length > MOST_LETTERS) continue;
    const other = candidate.toLowerCase();
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    if (Math.abs(wanted.length - other.length) > limit) continue;
    pairs += wanted.length * other.length;
    if (pairs > MOST_PAIRS) break;
    const distance = edits(wanted, other);
    if (distance <= limit) scored.push([distance, candidate]);
  }
  return scored.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)).slice(0, most).map((s) =>
    s[1]
  );
}

/** `"a", "b" or "c"`, for error sentences. */
export function oneOf(names: readonly string[], word: "or" | "and" = "or"): string {
  const quoted = names.map((name) => `"${name}"`);
  if (quoted.length <= 1) return quoted.join("");
  return `${quoted.slice(0, -1).join(", ")} ${word} ${quoted.at(-1)}`;
}

/** Edit distance in which swapping two neighbours is one edit (optimal string alignment). */
function edits(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, before[j - 2]! + 1);
      }
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}
