import { columns, facts } from "./columns.ts";
import type { Command } from "./command.ts";
import { jsonForPeople } from "./quiet_json.ts";
import { RestClient, TOKEN_FLAG } from "./rest_client.ts";
import type { Style } from "./style.ts";

/** `kuiper getstatus rule`. */
export const command: Command = {
  words: "getstatus rule",
  usage: ["NAME [--json]"],
  about:
    `Show how a rule stands: its state and why, and what its parts have counted. On a terminal it is
a table, elsewhere an object of JSON.`,
  positionals: [{ name: "NAME" }],
  flags: [{ name: "json", doc: "print an object of JSON also on a terminal" }, TOKEN_FLAG],
  examples: [["kuiper getstatus rule hot", "how the rule hot stands"]],
  async run(call) {
    const { terminal, flags } = call;
    const [name = ""] = call.args;
    await using rest = await RestClient.open(call);
    const status = (await rest.ask("GET", ["rules", name, "status"])).json() as Flat;
    await terminal.print(
      flags.on("json") || !terminal.io.stdout.isTerminal
        ? jsonForPeople(status)
        : statusText(status, terminal.style),
    );
    return 0;
  },
};

type Flat = Readonly<Record<string, unknown>>;

/** The figures that a table has room for, with their titles. */
const SHOWN = {
  records_in_total: "in",
  records_out_total: "out",
  filtered_total: "filtered",
  dropped_total: "dropped",
  exceptions_total: "errors",
  buffer_length: "buffer",
  process_latency_us: "µs",
} as const;

const KEY = /^((?:source|op|sink)_.*_\d+)_(records_in_total)$/;
const LINKS: Readonly<Record<string, string>> = {
  "1": "connected",
  "0": "connecting",
  "-1": "disconnected",
};

/** A status for people. */
export function statusText(status: Flat, style: Style): string {
  const nodes = Object.keys(status).flatMap((key) => KEY.exec(key)?.[1] ?? []);
  const about = facts([
    ["status", String(status["status"])],
    ["message", String(status["message"] ?? "") || undefined],
    ["started", time(status["lastStartTimestamp"])],
    ["stopped", time(status["lastStopTimestamp"])],
    ["next start", time(status["nextStartTimestamp"])],
  ], style);
  if (nodes.length === 0) return about;
  const rows = nodes.map((node) => [
    node,
    ...Object.keys(SHOWN).map((name) => String(status[`${node}_${name}`] ?? "")),
    LINKS[String(status[`${node}_connection_status`])] ?? "",
  ]);
  const head = ["part", ...Object.values(SHOWN), "connection"];
  const table = columns(head, rows, { style, right: Object.keys(SHOWN).map((_, i) => i + 1) });
  const errors = nodes.flatMap((node) => {
    const said = String(status[`${node}_last_exception`] ?? "");
    return said === "" ? [] : [[`${node}, last error`, said] as const];
  });
  return `${about}\n${table}${errors.length === 0 ? "" : `\n${facts(errors, style)}`}`;
}

function time(ms: unknown): string | undefined {
  return typeof ms !== "number" || ms === 0 ? undefined : new Date(ms).toISOString();
}
