import { fail, nearest, parseJson, type Row, type Value } from "../core/mod.ts";
import { firstWord } from "../sql/mod.ts";
import type { Call, Command } from "./command.ts";
import { interruptible } from "./interruptible.ts";
import { FROZEN_FLAG } from "./open_engine.ts";
import { OUTPUT_FLAGS, outputOf } from "./output_flags.ts";
import { jsonForPeople } from "./quiet_json.ts";
import { RestClient, TOKEN_FLAG } from "./rest_client.ts";
import { OutputClosed } from "./terminal.ts";

/** `kuiper query`. */
export const command: Command = {
  words: "query",
  usage: ["SQL [--limit N] [--format table|ndjson]", ""],
  about:
    `Run a statement: SELECT prints the rows of its results until the input ends, --limit rows are
printed or it is stopped; EXPLAIN SELECT prints its plan; CREATE, SHOW, DESCRIBE and DROP STREAM do
what the commands of these names do. It runs in the server that owns data/, or in this process
where there is none. Without SQL statements are read from the terminal, one a line or over lines
until a semicolon; Ctrl-C then ends the query that runs, and Ctrl-D the program.`,
  positionals: [{ name: "SQL", optional: true }],
  surplus: "put quotes around the SQL, so that the shell keeps it in one piece",
  flags: [...OUTPUT_FLAGS.filter(({ name }) => name !== "meta"), FROZEN_FLAG, TOKEN_FLAG],
  examples: [
    [`kuiper query "SELECT * FROM demo WHERE temperature > 50" --limit 5`, "five rows"],
    [`kuiper query "EXPLAIN SELECT * FROM demo"`, "how it would be run"],
    ["kuiper query", "one statement after the other"],
  ],
  async run(call) {
    // Wrong flags are refused before anything is opened.
    outputOf(call);
    const [sql] = call.args;
    if (sql !== undefined) {
      return await interruptible(call, async (stop) => {
        await using rest = await RestClient.open(call);
        await execute(sql, { call, rest, stop });
        return 0;
      });
    }
    const { queryShell } = await import("./query_shell.ts");
    await using rest = await RestClient.open(call);
    return await queryShell(call, (sql, stop) => execute(sql, { call, rest, stop }));
  },
};

/** What a statement may begin with. */
const VERBS: readonly string[] = ["select", "explain", "create", "show", "describe", "drop"];

/** Where a statement runs. */
interface Execution {
  readonly call: Call;
  readonly rest: RestClient;
  readonly stop: AbortSignal;
}

/** Run one statement to its end. */
async function execute(sql: string, { call, rest, stop }: Execution): Promise<void> {
  const { terminal } = call;
  const verb = firstWord(sql);
  const [meant] = VERBS.includes(verb) ? [] : nearest(verb, VERBS, 1);
  if (meant !== undefined) {
    throw fail("sql", `No statement begins with "${verb}", did you mean "${meant}"?`);
  }
  if (verb === "explain") {
    const plan = (await rest.ask("POST", ["query"], { body: { sql } })).text;
    return await terminal.print(plan.endsWith("\n") ? plan : `${plan}\n`);
  }
  if (verb !== "select") {
    const { text } = await rest.ask("POST", ["streams"], { body: { sql } });
    return await terminal.print(`${shown(text)}\n`);
  }
  try {
    const answer = await rest.stream("POST", ["query"], { body: { sql }, signal: stop });
    await printRows(answer.body!, call, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

/** Names as lines, what a stream is as JSON over several. */
function shown(text: string): string {
  if (!/^[[{]/.test(text)) return text;
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
    return value.length === 0 ? "there are no streams" : value.join("\n");
  }
  return jsonForPeople(value).trimEnd();
}

async function printRows(
  body: ReadableStream<Uint8Array>,
  call: Call,
  stop: AbortSignal,
): Promise<void> {
  const { terminal } = call;
  const { printer, limit } = outputOf(call);
  let left = limit;
  for await (const line of lines(body, stop)) {
    const result = parseJson(line);
    if (!Array.isArray(result)) throw failureOf(result);
    const rows = (result as Row[]).slice(0, left);
    left -= rows.length;
    if (rows.length > 0) {
      const now = terminal.io.clock.now();
      const tuples = rows.map((message) => ({ message, meta: {}, timestamp: now }));
      try {
        await terminal.print(printer.lines("", tuples));
      } catch (error) {
        if (error instanceof OutputClosed) return;
        throw error;
      }
    }
    if (left <= 0) return;
  }
}

function failureOf(said: Value): Error {
  const { message } = said as { message?: unknown };
  return fail("source", typeof message === "string" ? message : "The query failed");
}

/** The lines of a body, until it ends or `stop` aborts; what is left of it is given up. */
async function* lines(
  body: ReadableStream<Uint8Array>,
  stop: AbortSignal,
): AsyncGenerator<string> {
  const reader = body.getReader();
  // A read that waits ends by it, also where the body comes from this process.
  const giveUp = () => void reader.cancel().catch(() => {});
  stop.addEventListener("abort", giveUp, { once: true });
  const decoder = new TextDecoder();
  let rest = "";
  try {
    while (!stop.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = parts.pop()!;
      yield* parts.filter((part) => part !== "");
    }
  } finally {
    stop.removeEventListener("abort", giveUp);
    await reader.cancel().catch(() => {});
  }
}
