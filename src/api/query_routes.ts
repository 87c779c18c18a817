import { asKuiperError, fail, toJson, type Value } from "../core/mod.ts";
import { rowsOf, type RuleResult } from "../rule/mod.ts";
import { firstWord } from "../sql/mod.ts";
import { headers, text } from "./answer.ts";
import type { QueryRun, RestApp } from "./rest_app.ts";
import type { Route } from "./route.ts";
import { textField } from "./text_field.ts";

/** Most queries at a time: each holds a source of its own. */
const MOST_QUERIES = 16;

/** Characters after which lines are sent: of many large rows there is no text that holds all. */
const MOST_TEXT = 4_194_304;

const EXAMPLE = '{"sql": "SELECT * FROM demo"}';

/** How an error is answered, and what ends all queries. */
export interface QueryOptions {
  readonly failed: (error: unknown) => Response;
  readonly signal?: AbortSignal;
}

/**
 * `/query`, which eKuiper does not have: its own command asks by other means. The answer goes on until the query ends
 * or who asked goes away: a line of JSON for each result, an array of rows; a query that fails ends with a line that
 * is the error as an object.
 */
export function queryRoutes(app: RestApp, options: QueryOptions): Route[] {
  const running = new Set<QueryRun>();
  return [{
    path: "/query",
    methods: {
      async POST(call) {
        const sql = textField(await call.body(), { name: "sql", example: EXAMPLE });
        if (firstWord(sql) === "explain") return text(await app.explainQuery(sql));
        if (running.size >= MOST_QUERIES) {
          throw fail("busy", `${MOST_QUERIES} queries run already, end one first or create a rule`);
        }
        const run = await app.runQuery(sql);
        running.add(run);
        const lines = linesOf(run, { ...options, ended: () => running.delete(run) });
        return new Response(lines, { headers: headers("application/x-ndjson") });
      },
    },
  }];
}

function linesOf(
  run: QueryRun,
  { failed, ended, signal }: QueryOptions & { ended: () => void },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const results = run[Symbol.asyncIterator]();
  let over: Promise<void> | undefined;
  const end = () =>
    over ??= (async () => {
      signal?.removeEventListener("abort", onStop);
      ended();
      await run[Symbol.asyncDispose]();
    })();
  const onStop = () => void end();
  signal?.addEventListener("abort", onStop, { once: true });
  if (signal?.aborted === true) onStop();
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await results.next();
        if (next.done !== true) {
          for (const text of textsOf(next.value)) controller.enqueue(encoder.encode(text));
          return;
        }
      } catch (error) {
        const said = await failed(asKuiperError(error)).text();
        controller.enqueue(encoder.encode(`${said}\n`));
      }
      await end();
      controller.close();
    },
    async cancel() {
      await end();
    },
  }, { highWaterMark: 0 });
}

/** The lines of results, some together. */
function* textsOf(results: readonly RuleResult[]): Generator<string> {
  let text = "";
  for (const result of results) {
    const line = `${toJson(rowsOf(result) as Value)}\n`;
    if (text !== "" && text.length + line.length > MOST_TEXT) {
      yield text;
      text = "";
    }
    text += line;
  }
  yield text;
}
