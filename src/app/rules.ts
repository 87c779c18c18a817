import type { ConfigInput } from "../config/mod.ts";
import type { FunctionLookup } from "../contract/mod.ts";
import { type Clock, fail, type Logger, messageOf, sayLosses } from "../core/mod.ts";
import {
  compilePlan,
  parseRule,
  privateSource,
  type RuleDefinition,
  RuleManager,
  RuleRun,
  type RuleRunOptions,
  type RuleSource,
  sinkId,
  SinkRun,
} from "../rule/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  columnsOfPlan,
  type CreateStream,
  explainPlan,
  namesOfQuery,
  type PreparedQuery,
  prepareQuery,
} from "../sql/mod.ts";
import type { Selection, StateKeeper, StreamRun } from "../stream/mod.ts";
import { warnOfCircle } from "./warn_of_circle.ts";
import type { Functions } from "./functions.ts";
import type { FunctionUser } from "./held_function.ts";
import { type RunningPage, RunningParts } from "./running_parts.ts";
import { SharedStreams } from "./shared_streams.ts";
import { type PreparedSink, Sinks } from "./sinks.ts";
import type { Sources } from "./sources.ts";
import { ruleScope, ruleStreamScope, storeKeeper, streamScope } from "./store_keeper.ts";

/** What rules are run with. */
export interface RulesContext {
  readonly store: Store;
  readonly input: ConfigInput;
  readonly sources: Sources;
  readonly functions: Functions;
  /** A stored definition. @throws KuiperError `not_found` */
  stream(name: string): Promise<CreateStream>;
  /** Start a stream. */
  run(
    definition: CreateStream,
    options: { keeper: StateKeeper; selection?: Selection },
  ): Promise<StreamRun>;
  /** Where other processes see what runs. */
  book(): Promise<RunningPage>;
  /** Hides in a text what nobody should read. */
  mask(text: string): string;
  /** Milliseconds that the stop of a rule may take. */
  readonly stopTimeoutMs: number;
  readonly log: Logger;
  readonly clock: Clock;
}

/** The rules of the store, ready to run. */
export function openRules(context: RulesContext): RuleManager {
  const rules = new Rules(context);
  const { store, mask, log, clock } = context;
  return new RuleManager({
    keeper: {
      add: (rule) => store.rules.add(rule),
      replace: (rule) => store.rules.replace(rule),
      want: (id, wanted) => store.rules.want(id, wanted),
      remove(id) {
        store.rules.remove(id);
        store.state.remove(ruleScope(id));
      },
      removeState: (id) => store.state.remove(ruleScope(id)),
      list: () => store.rules.list(),
    },
    check: (rule) => rules.check(rule),
    open: (rule, running) => rules.open(rule, running),
    mask,
    log,
    clock,
  });
}

/** Refuse a definition of a stream that the query of a rule over it does not fit. */
export async function refuseMisfit(
  stream: CreateStream,
  { rules, functions }: {
    rules: readonly { id: string; definition: string }[];
    functions: Functions;
  },
): Promise<void> {
  for (const { id, definition } of rules) {
    try {
      const { sql } = parseRule(JSON.parse(definition));
      const lookup = await functions.lookup(namesOfQuery(sql).functions);
      prepareQuery(sql, { stream: () => stream, functions: lookup });
    } catch (error) {
      throw fail(
        "rule",
        `Stream "${stream.name}" is read by rule "${id}", which it would not fit: ${
          messageOf(error)
        }`,
        error,
      );
    }
  }
}

/** Makes runs of rules out of what the program has: streams, sinks, functions. */
class Rules {
  readonly #context: RulesContext;
  readonly #sinks: Sinks;
  readonly #shared: SharedStreams;
  /** By name: thousands of rules read the same definition. */
  readonly #streams = new Map<string, { statement: string; parsed: CreateStream }>();

  constructor(context: RulesContext) {
    this.#context = context;
    this.#sinks = new Sinks(context.input, context.sources, context.clock);
    this.#shared = new SharedStreams((definition) =>
      context.run(definition, {
        keeper: storeKeeper(context.store, streamScope(definition.name)),
      })
    );
  }

  /** Everything that can be wrong with a rule before it runs. */
  async check(rule: RuleDefinition) {
    const { plan, stream, functions } = await this.#prepare(
      rule,
      (names) => this.#context.functions.lookup(names),
    );
    for (const sink of await this.#prepareSinks(rule)) await sink.tryBuiltin();
    const { name, options } = stream;
    if (!options.shared || !this.#shared.has(name)) await this.#context.sources.prepare(stream);
    const { operators } = this.#compile(rule, { plan, stream, functions, errors: { failed() {} } });
    return {
      stream: name,
      explained: explainPlan(plan),
      operators: operators.map((operator) => operator.name),
      warnings: [...plan.warnings, ...warnOfCircle(stream, rule.actions)],
    };
  }

  /** Put the parts of a rule together, and begin. */
  async open(rule: RuleDefinition, running: () => void): Promise<RuleRun> {
    const { stopTimeoutMs, clock, book } = this.#context;
    const stopping = new AbortController();
    await using opened = new AsyncDisposableStack();
    const parts = opened.use(new RunningParts({ rule: rule.id }, book));
    const user = userOf(parts, stopping.signal);
    const { plan, stream, functions } = await this.#prepare(
      rule,
      async (names) => opened.use(await this.#context.functions.use(names, user)),
    );
    const sinks = await this.#prepareSinks(rule);
    return new RuleRun({
      ruleId: rule.id,
      options: rule.options,
      compile: (errors) => this.#compile(rule, { plan, stream, functions, errors }),
      openSource: ({ sourceFilter }) =>
        this.#openSource(rule, {
          stream,
          selection: {
            columns: columnsOfPlan(plan),
            filter: filtersInSource(rule, stream) ? sourceFilter : undefined,
          },
        }),
      openSinks: () => sinks.map((sink, index) => this.#runSink(rule, sink, { index, parts })),
      running,
      ...endOf(rule, { stopping, held: opened.move() }),
      stopTimeoutMs,
      log: this.#logOf(rule),
      clock,
    });
  }

  async #prepare<F extends FunctionLookup>(
    rule: RuleDefinition,
    functionsOf: (names: readonly string[]) => Promise<F>,
  ): Promise<PreparedQuery & { functions: F }> {
    const names = namesOfQuery(rule.sql);
    const stream = await this.#stream(names.stream);
    if (stream.options.shared && rule.options.overflow === "wait") {
      throw fail(
        "rule",
        `Rule "${rule.id}": overflow "wait" would stall the others that read the SHARED stream ` +
          `"${stream.name}", choose "drop_oldest" or "drop_newest"`,
      );
    }
    const functions = await functionsOf(names.functions);
    return { ...prepareQuery(rule.sql, { stream: () => stream, functions }), functions };
  }

  async #stream(name: string): Promise<CreateStream> {
    const statement = this.#context.store.streams.get(name)?.statement;
    const known = this.#streams.get(name);
    if (statement !== undefined && known?.statement === statement) return known.parsed;
    const parsed = await this.#context.stream(name);
    if (statement !== undefined) this.#streams.set(name, { statement, parsed });
    return parsed;
  }

  async #prepareSinks(rule: RuleDefinition): Promise<PreparedSink[]> {
    const prepared: PreparedSink[] = [];
    for (const [i, action] of rule.actions.entries()) {
      const what = `Rule "${rule.id}", actions[${i}].${action.type}`;
      prepared.push(await this.#sinks.prepare(action, what));
    }
    return prepared;
  }

  #compile(
    rule: RuleDefinition,
    { plan, stream, functions, errors }: Pick<PreparedQuery, "plan" | "stream"> & {
      functions: FunctionLookup;
      errors: Parameters<typeof compilePlan>[1]["errors"];
    },
  ) {
    return compilePlan(plan, {
      functions,
      columns: stream.columns,
      errors,
      ruleId: rule.id,
      clock: this.#context.clock,
      sendNilField: rule.options.sendNilField,
      sourceFiltered: filtersInSource(rule, stream),
    });
  }

  async #openSource(
    rule: RuleDefinition,
    { stream, selection }: { stream: CreateStream; selection: Selection },
  ): Promise<RuleSource> {
    const { bufferLength, overflow = "drop_oldest" } = rule.options;
    if (stream.options.shared && overflow !== "wait") {
      const say = sayLosses(this.#logOf(rule), {
        now: () => this.#context.clock.now(),
        what: "tuples",
        why: `the SHARED stream "${stream.name}" does not wait for this rule, for which ` +
          `${bufferLength} may wait, its "bufferLength"`,
      });
      return await this.#shared.join(stream, { bufferLength, overflow, onDrop: () => say(1) });
    }
    const keeper = storeKeeper(
      this.#context.store,
      ruleStreamScope(rule.id, stream.name),
    );
    return privateSource(await this.#context.run(stream, { keeper, selection }));
  }

  #runSink(
    rule: RuleDefinition,
    sink: PreparedSink,
    { index, parts }: { index: number; parts: RunningParts<{ rule: string }> },
  ): SinkRun {
    const { bufferLength, overflow = "wait" } = rule.options;
    const opId = sinkId(rule.actions[index]!, index);
    return new SinkRun({
      ruleId: rule.id,
      opId,
      common: { bufferLength, overflow, ...sink.common },
      props: sink.props,
      openHost: (signal) =>
        sink.openHost({
          signal,
          started: (hash) => parts.show(opId, { of: "sink", plugin: sink.type, hash }),
        }),
      explain: sink.explain,
      log: this.#logOf(rule).child(opId),
      clock: this.#context.clock,
    });
  }

  /** With `debug` a rule says everything, whatever the level of the log. */
  #logOf(rule: RuleDefinition): Logger {
    const log = this.#context.log.child(rule.id);
    return rule.options.debug ? outspoken(log) : log;
  }
}

/** A stream of its own filters for a rule; a shared one is everybody's, and of a row that fails there no sink would hear. */
function filtersInSource({ options }: RuleDefinition, stream: CreateStream): boolean {
  return !stream.options.shared && !options.sendError;
}

/** Who uses the functions of a run. Made apart, so that it keeps nothing else of what the run was made from. */
function userOf(parts: RunningParts<{ rule: string }>, stop: AbortSignal): FunctionUser {
  return {
    stop,
    runs: (plugin, hash) => parts.show(`function ${plugin}`, { of: "function", plugin, hash }),
  };
}

/** How a run ends what is held for it. Made apart for the same reason. */
function endOf(
  { id }: RuleDefinition,
  { stopping, held }: { stopping: AbortController; held: AsyncDisposableStack },
): Pick<RuleRunOptions, "stopping" | "release"> {
  return {
    stopping: () => stopping.abort(fail("busy", `Rule "${id}" stops`)),
    release: () => held.disposeAsync(),
  };
}

function outspoken(log: Logger): Logger {
  const info = (message: string) => log.info(message);
  return {
    debug: info,
    info,
    warn: (message) => log.warn(message),
    error: (message) => log.error(message),
    child: (name) => outspoken(log.child(name)),
  };
}
