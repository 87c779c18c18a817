import { columns } from "./columns.ts";
import type { Call, Command } from "./command.ts";
import { interruptible } from "./interruptible.ts";
import { RestClient, TOKEN_FLAG } from "./rest_client.ts";
import type { Style } from "./style.ts";

const INTERVAL_MS = 2000;
/** Cursor home, and clear from there. */
const HOME = "\x1b[H\x1b[J";

/** `kuiper top`. */
export const command: Command = {
  words: "top",
  usage: [""],
  about:
    `Show the rules that work most, every two seconds until Ctrl-C: what comes in and goes out in a
second, and what was dropped or failed. Where stdout is no terminal the table is printed once.`,
  flags: [TOKEN_FLAG],
  examples: [["kuiper top", "the rules at work"]],
  run: (call) =>
    interruptible(call, async (stop) => {
      await using rest = await RestClient.open(call);
      return await follow(call, rest, stop);
    }),
};

type Statuses = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

async function follow({ terminal }: Call, rest: RestClient, stop: AbortSignal): Promise<number> {
  const { clock, stdout } = terminal.io;
  let before: { at: number; counts: ReadonlyMap<string, Counts> } | undefined;
  while (!stop.aborted) {
    const statuses = (await rest.ask("GET", ["rules", "status", "all"])).json() as Statuses;
    const now = { at: clock.now(), counts: countsOf(statuses) };
    const seconds = before === undefined ? 0 : (now.at - before.at) / 1000;
    const table = topTable(statuses, {
      ...now,
      before: before?.counts,
      seconds,
      style: terminal.style,
    });
    await terminal.print(stdout.isTerminal ? HOME + table : table);
    if (!stdout.isTerminal) break;
    before = now;
    await clock.sleep(INTERVAL_MS, stop).catch(() => {});
  }
  return 0;
}

/** What a rule has counted in all. */
interface Counts {
  readonly in: number;
  readonly out: number;
  readonly dropped: number;
  readonly errors: number;
}

function countsOf(statuses: Statuses): Map<string, Counts> {
  return new Map(
    Object.entries(statuses).map(([id, status]) => {
      const sum = (prefix: string, suffix: string) =>
        Object.entries(status)
          .filter(([key]) => key.startsWith(prefix) && key.endsWith(suffix))
          .reduce((sum, [, value]) => sum + (typeof value === "number" ? value : 0), 0);
      return [id, {
        in: sum("source_", "_records_in_total"),
        out: sum("sink_", "_records_out_total"),
        dropped: sum("", "_dropped_total"),
        errors: sum("", "_exceptions_total"),
      }];
    }),
  );
}

/** The rules, those with the most rows first; without an earlier look there are no rates. */
export function topTable(
  statuses: Statuses,
  { counts, before, seconds, style }: {
    counts: ReadonlyMap<string, Counts>;
    before: ReadonlyMap<string, Counts> | undefined;
    seconds: number;
    style: Style;
  },
): string {
  const rate = (id: string, which: "in" | "out") => {
    const earlier = before?.get(id)?.[which];
    if (earlier === undefined || seconds <= 0) return undefined;
    // A rule that was started anew counts from 0.
    return Math.max(0, (counts.get(id)![which] - earlier) / seconds);
  };
  const ids = Object.keys(statuses).sort((a, b) =>
    (rate(b, "in") ?? counts.get(b)!.in) - (rate(a, "in") ?? counts.get(a)!.in)
  );
  const shown = (value: number | undefined) => value === undefined ? "" : value.toFixed(1);
  const rows = ids.map((id) => {
    const { in: taken, out, dropped, errors } = counts.get(id)!;
    return [
      id,
      String(statuses[id]!["status"]),
      shown(rate(id, "in")),
      shown(rate(id, "out")),
      ...[taken, out, dropped, errors].map(String),
    ];
  });
  const head = ["rule", "status", "in/s", "out/s", "in", "out", "dropped", "errors"];
  return columns(head, rows, { style, right: [2, 3, 4, 5, 6, 7] });
}
