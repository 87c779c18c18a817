import { fail } from "./errors.ts";
import { showValue } from "./show_value.ts";
import { typeName } from "./value.ts";

/** A longer text is no duration; looking for one in it takes the square of its length. */
const MOST_CHARACTERS = 100;

const UNITS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Milliseconds of a duration as configuration writes it: an integer is milliseconds, a text has units
 * (`"10s"`, `"1m30s"`, `"250ms"`; h m s ms us ns).
 *
 * @param what names the option in the error.
 * @throws KuiperError `config` when it is neither.
 */
export function parseDuration(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  if (typeof value === "string") {
    const text = value.trim();
    if (/^\d+$/.test(text)) return Number(text);
    const parts = text.length > MOST_CHARACTERS
      ? []
      : [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
    if (parts.length > 0 && parts.map((part) => part[0]).join("") === text) {
      return parts.reduce((sum, part) => sum + Number(part[1]) * UNITS[part[2]!]!, 0);
    }
  }
  const found = typeof value === "object"
    ? typeName(value)
    : typeof value === "string"
    ? showValue(value)
    : String(value);
  throw fail(
    "config",
    `${what} is ${found}, which is no duration: write milliseconds (500) or a text with units ` +
      `("10s", "1m30s")`,
  );
}

/** A duration for people: `850 ms`, `5 s`, `2 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  return `${Math.round(ms / 60_000)} min`;
}
