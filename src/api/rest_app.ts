import type { App } from "../app.ts";
import type { RuleResult } from "../rule/mod.ts";
import type { RuleDoor } from "./rule_door.ts";

/** What the server needs of the application; tests put a fake in its place. */
export interface RestApp extends
  Pick<
    App,
    | "streamNames"
    | "stream"
    | "createStream"
    | "replaceStream"
    | "dropStream"
    | "listPlugins"
    | "describePlugin"
    | "installPlugin"
    | "removePlugin"
    | "mask"
  > {
  readonly rules: Promise<RuleDoor>;
  /** Run a query until it is disposed of. */
  runQuery(sql: string): Promise<QueryRun>;
  /** The plan of `EXPLAIN SELECT …`, for people. */
  explainQuery(sql: string): Promise<string>;
}

/** A query at work: what it iterates are results, some at a time. It ends, throws, or goes on until it is disposed of. */
export interface QueryRun extends AsyncIterable<readonly RuleResult[]>, AsyncDisposable {}
