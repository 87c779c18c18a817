/** What happens to an item that finds a buffer full. */
export const OVERFLOW_POLICIES = ["wait", "drop_oldest", "drop_newest"] as const;

/** One of {@link OVERFLOW_POLICIES}. */
export type OverflowPolicy = (typeof OVERFLOW_POLICIES)[number];
