import { createRest, type RestSettings, type RuleDoor } from "../../../src/api/mod.ts";
import type { RestApp } from "../../../src/api/rest_app.ts";
import { DEFAULT_KUIPER_CONFIG } from "../../../src/config/mod.ts";
import { createLogger, fail, type Row } from "../../../src/core/mod.ts";
import type { RuleDefinition, RuleResult, RuleState, RuleStatus } from "../../../src/rule/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";

/** Rules in memory: what the server needs of them, without running any. */
export class FakeRules implements RuleDoor {
  readonly rules = new Map<string, { rule: RuleDefinition; status: RuleStatus }>();

  /** Put a rule there as it is. */
  set(id: string, status: Partial<RuleStatus> = {}, props: Record<string, string> = {}): void {
    this.rules.set(id, { rule: ruleOf(id, props), status: { ...STOPPED, ...status } });
  }

  list() {
    return [...this.rules.values()].map(({ rule, status }) => ({
      id: rule.id,
      name: rule.name,
      status: status.state,
      version: rule.version,
      tags: rule.tags,
    }));
  }
  get(id: string) {
    return this.#need(id).rule;
  }
  create(json: unknown) {
    return settle(() => {
      const { id } = this.#read(json);
      if (this.rules.has(id)) throw fail("exists", `Rule "${id}" exists already`);
      this.set(id, { state: "running" });
      return this.get(id);
    });
  }
  update(id: string, json: unknown) {
    return settle(() => {
      this.#need(id);
      this.#read({ ...json as object, id });
      return this.get(id);
    });
  }
  drop(id: string) {
    return settle(() => {
      this.#need(id);
      this.rules.delete(id);
    });
  }
  start(id: string) {
    return this.#move(id, "running");
  }
  stop(id: string) {
    return this.#move(id, "stopped");
  }
  async restart(id: string) {
    await this.#move(id, "running");
  }
  status(id: string) {
    return this.#need(id).status;
  }
  statusAll() {
    return Object.fromEntries([...this.rules].map(([id, { status }]) => [id, status]));
  }
  topo(id: string) {
    this.#need(id);
    return { sources: ["source_demo"], edges: { source_demo: ["sink_log_0"] } };
  }
  explain(id: string) {
    this.#need(id);
    return "project *\n  source demo\n";
  }
  validate(json: unknown) {
    return settle(() => {
      this.#read(json);
      return ["demo"];
    });
  }

  #move(id: string, state: RuleState) {
    return settle(() => {
      const { status } = this.#need(id);
      this.set(id, { ...status, state });
      return status.state !== state;
    });
  }
  #need(id: string) {
    const found = this.rules.get(id);
    if (found === undefined) throw fail("not_found", `Rule "${id}" is not defined`);
    return found;
  }
  #read(json: unknown): { id: string } {
    const { id, sql } = (json ?? {}) as { id?: unknown; sql?: unknown };
    if (typeof id !== "string") throw fail("usage", `"id" is missing in the rule`);
    if (typeof sql !== "string") throw fail("usage", `"sql" is missing in rule "${id}"`);
    if (sql.includes("FROM none")) throw fail("not_found", 'Stream "none" is not defined');
    return { id };
  }
}

/** A status with nothing in it. */
export const STOPPED: RuleStatus = {
  state: "stopped",
  message: "",
  lastStartTimestamp: 0,
  lastStopTimestamp: 0,
  nextStartTimestamp: 0,
  ops: [],
};

async function settle<T>(work: () => T): Promise<T> {
  await Promise.resolve();
  return work();
}

function ruleOf(id: string, props: Record<string, string>): RuleDefinition {
  return {
    id,
    name: id,
    sql: "SELECT * FROM demo",
    actions: [{ type: "mqtt", props }],
    options: {
      debug: false,
      bufferLength: 1024,
      overflow: "wait",
      sendMetaToSink: false,
      sendNilField: false,
      sendError: false,
      restartStrategy: {
        attempts: 0,
        delayMs: 1000,
        multiplier: 2,
        maxDelayMs: 30000,
        jitterFactor: 0.1,
      },
    },
    triggered: true,
    tags: [],
    version: "",
  };
}

/** A query over rows that are there already; it then ends, fails, or waits to be disposed of. */
export class FakeQuery {
  disposed = 0;
  readonly #rows: readonly Row[];
  readonly #end: Error | "end" | "wait";
  readonly #over = Promise.withResolvers<void>();

  constructor(rows: readonly Row[], end: Error | "end" | "wait") {
    this.#rows = rows;
    this.#end = end;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RuleResult[]> {
    for (const row of this.#rows) yield [{ message: row, meta: {} }];
    if (this.#end instanceof Error) throw this.#end;
    if (this.#end === "wait") await this.#over.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
    this.#over.resolve();
    return Promise.resolve();
  }
}

/** A server without a port over streams and rules in memory. */
export class FakeServer {
  readonly streams = new Map<string, CreateStream>();
  readonly rules = new FakeRules();
  readonly installed: unknown[] = [];
  readonly removed: string[] = [];
  /** What the removal of a plugin says of rules that cannot be read. */
  readonly unreadable: string[] = [];
  readonly logged: string[] = [];
  /** What the next queries are. */
  readonly queries: FakeQuery[] = [];
  stops = 0;
  readonly #handler: (request: Request) => Promise<Response>;

  constructor(
    settings: Partial<RestSettings> = {},
    options: { stoppable?: boolean; app?: Partial<RestApp>; signal?: AbortSignal } = {},
  ) {
    const need = (name: string) => {
      const stream = this.streams.get(name);
      if (stream === undefined) throw fail("not_found", `Stream "${name}" is not defined`);
      return stream;
    };
    const plugin = {
      name: "weather",
      of: "source",
      from: "https://a.example/w.ts",
      kind: "url",
      isolation: "process",
      grant: "none",
      properties: [],
      asks: "none",
      nodeModules: [],
      modules: [],
      restart: "never",
      contract: 1,
      streams: [],
      rules: [],
    } as const;
    const app: RestApp = {
      streamNames: () => Promise.resolve([...this.streams.keys()].sort()),
      stream: (name) => settle(() => need(name)),
      createStream: (statement) =>
        settle(() => {
          if (this.streams.has(statement.name)) {
            throw fail("exists", `Stream "${statement.name}" exists already`);
          }
          this.streams.set(statement.name, statement);
        }),
      replaceStream: (statement) =>
        settle(() => {
          need(statement.name);
          this.streams.set(statement.name, statement);
        }),
      dropStream: (name, options) =>
        settle(() => {
          need(name);
          if (name === "used" && options?.force !== true) {
            throw fail("exists", `Stream "${name}" is read by rule "r1"`);
          }
          this.streams.delete(name);
        }),
      listPlugins: () => Promise.resolve([plugin]),
      describePlugin: (name, of) =>
        settle(() => {
          if (name !== plugin.name || (of !== undefined && of !== plugin.of)) {
            throw fail("not_found", `Plugin "${name}" is not known`);
          }
          return plugin;
        }),
      installPlugin: (options) => Promise.resolve(void this.installed.push(options)),
      removePlugin: (name) => {
        this.removed.push(name);
        return Promise.resolve(this.unreadable);
      },
      // As a method of the application, which needs its `this`.
      mask(text) {
        return this === app
          ? text.replaceAll("hunter2", "***")
          : fail("internal", "no this").message;
      },
      rules: Promise.resolve(this.rules),
      runQuery: (sql) =>
        settle(() => {
          const query = this.queries.shift();
          if (query === undefined) throw fail("sql", `"${sql}" does not parse`);
          return query;
        }),
      explainQuery: (sql) => settle(() => `plan of ${sql}`),
      ...options.app,
    };
    this.#handler = createRest(app, {
      settings: { ...DEFAULT_KUIPER_CONFIG.basic.rest, ...settings },
      log: createLogger((line) => this.logged.push(line), { level: "debug" }),
      version: "1.2.3",
      startedAt: 1000,
      now: () => 6500,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.stoppable === false ? {} : { stop: () => void this.stops++ }),
    });
  }

  /** Define a stream. */
  define(sql: string): void {
    const stream = parseStatement(sql) as CreateStream;
    this.streams.set(stream.name, stream);
  }

  /** Ask as a program on the same machine does. */
  async ask(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { body, headers } = options;
    const text = body === undefined || body instanceof ReadableStream || typeof body === "string"
      ? body
      : JSON.stringify(body);
    const response = await this.send(
      new Request(`http://127.0.0.1:9081${path}`, {
        method,
        ...(text === undefined ? {} : { body: text as BodyInit }),
        ...(headers === undefined ? {} : { headers }),
      }),
    );
    const said = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text: said,
      get json() {
        return JSON.parse(said);
      },
    };
  }

  /** Hand over a request as it is. */
  send(request: Request): Promise<Response> {
    return this.#handler(request);
  }
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}
