import { MOST_AT_ONCE } from "./value.ts";

/**
 * Items in parts of which each may become one text: of {@link MOST_AT_ONCE} at most, or of one item.
 *
 * @param weightOf as `weightOfLastRow` has it.
 */
export function byWeight<T>(
  items: readonly T[],
  weightOf: (item: T) => number,
): (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  let from = 0;
  let weight = 0;
  for (let i = 0; i < items.length; i++) {
    const own = weightOf(items[i]!);
    if (i > from && weight + own > MOST_AT_ONCE) {
      parts.push(items.slice(from, i));
      from = i;
      weight = 0;
    }
    weight += own;
  }
  parts.push(from === 0 ? items : items.slice(from));
  return parts;
}
