import {
  type ConfigInput,
  loadSinkConfig,
  refuseErrors,
  restartOf,
  type Secrets,
  type SinkConfig,
  type SinkFields,
} from "../config/mod.ts";
import {
  inlineSinkHost,
  type Props,
  type SinkContext,
  type SinkHost,
  type SourceFailure,
} from "../contract/mod.ts";
import {
  type Clock,
  fail,
  type KuiperError,
  messageOf,
  nearest,
  oneOf,
  silentLogger,
} from "../core/mod.ts";
import type { WorkerHost } from "../loader/mod.ts";
import type { RuleAction } from "../rule/mod.ts";
import { maskedError } from "./masking.ts";
import { refuseOwnFiles } from "./refuse_own_files.ts";
import { refuseTemplates } from "./refuse_templates.ts";
import { Restarts } from "./restarts.ts";
import { SinkInIsolate } from "./sink_in_isolate.ts";
import { BUILTIN_SINKS, mustBeWritable } from "../sink/mod.ts";
import type { FoundPlugin } from "./plugin_finder.ts";
import type { Loading } from "./plugin_isolates.ts";
import { schemaOf } from "./plugin_schema.ts";
import type { Hold } from "./plugin_settings.ts";
import type { Sources } from "./sources.ts";

/** What finds and opens the sinks of plugins. */
export interface SinkPlugins {
  readonly finder: Pick<Sources["finder"], "findSink">;
  readonly settings: Pick<Sources["settings"], "holdOf">;
  readonly isolates: Pick<Sources["isolates"], "open">;
}

/** A sink, found and configured, but not started. */
export interface PreparedSink {
  readonly type: string;
  readonly common: SinkFields;
  readonly props: Props;
  /** Where a plugin is; absent for a built-in. */
  readonly plugin?: FoundPlugin;
  readonly config: SinkConfig;
  /** Configure a built-in for trial: it connects to nothing. @throws KuiperError `config` for what it refuses. */
  tryBuiltin(): Promise<void>;
  /** Open what runs its instances; what of a plugin is started again later is loaded in the same way. */
  openHost(loading: Loading): Promise<SinkHost>;
  /** Load a plugin alone; `undefined` for a built-in. */
  loadPlugin(loading: Loading): Promise<WorkerHost | undefined>;
  /** The sentence for a failure. It may be kept for as long as the sink runs: it holds nothing of the above. */
  readonly explain: (failure: SourceFailure) => KuiperError;
}

/** Finds and configures sinks. */
export class Sinks {
  readonly #input: ConfigInput;
  readonly #plugins: SinkPlugins;
  readonly #clock: Clock;

  /** @param plugins finds and opens those that are no built-ins. */
  constructor(input: ConfigInput, plugins: SinkPlugins, clock: Clock) {
    this.#input = input;
    this.#plugins = plugins;
    this.#clock = clock;
  }

  /**
   * Find and configure the sink of an action.
   *
   * @param what how sentences call the action: `rule "r1", actions[0].mqtt`.
   * @param file a plugin that was found already, such as one outside of the base directory's plugins.
   * @throws KuiperError `not_found` with the nearest names, `config` for a property that is wrong.
   */
  async prepare(action: RuleAction, what: string, file?: FoundPlugin): Promise<PreparedSink> {
    const { type } = action;
    const isBuiltin = file === undefined && Object.hasOwn(BUILTIN_SINKS, type);
    const builtin = isBuiltin ? BUILTIN_SINKS[type] : undefined;
    // A built-in is never shadowed.
    const plugin = isBuiltin ? undefined : file ?? await this.#plugins.finder.findSink(type);
    if (builtin === undefined && plugin === undefined) throw this.#notFound(type, what);
    const config = await loadSinkConfig({
      ...this.#input,
      // However a rule spells it, what the operator says of it holds.
      type: plugin?.type ?? type,
      props: { ...action.props },
      what,
    });
    if (isBuiltin) refuseTemplates(config.props, what);
    if (type === "file" && typeof config.props.path === "string") {
      // Found now, so that no rule is made that cannot begin.
      mustBeWritable(config.props.path, what);
      await refuseOwnFiles(config.props.path, { paths: this.#input.paths, what });
    }
    return {
      type,
      common: config.common,
      props: config.props,
      config,
      ...(plugin === undefined ? {} : { plugin }),
      tryBuiltin: async () => {
        try {
          await (await builtin?.make())?.configure(config.props, trialContext());
        } catch (error) {
          const masked = maskedError(error, this.#input.secrets);
          throw fail("config", `${what}: ${messageOf(masked)}`, masked);
        }
      },
      openHost: async (loading) =>
        builtin === undefined
          ? await this.#openPlugin(plugin!, config, loading)
          : inlineSinkHost(builtin.make, builtin.takes),
      loadPlugin: async (loading) =>
        plugin === undefined ? undefined : await this.#loadPlugin(plugin, config, {
          ...loading,
          hold: await this.#holdOf(plugin, config),
        }),
      explain: explainer(what, this.#input.secrets),
    };
  }

  /** The host of a plugin, which is started again when it is lost, held as it was first. */
  async #openPlugin(
    plugin: FoundPlugin,
    config: SinkConfig,
    loading: Loading,
  ): Promise<SinkHost> {
    const hold = await this.#holdOf(plugin, config);
    const restarts = new Restarts(restartOf(hold.entry, "sink"), this.#clock);
    const open = () => this.#loadPlugin(plugin, config, { ...loading, hold });
    return new SinkInIsolate(await open(), { open, restarts, clock: this.#clock });
  }

  /** A grant takes hosts from what the operator says, and from nothing else. */
  #holdOf(plugin: FoundPlugin, { operatorProps }: SinkConfig): Promise<Hold> {
    return this.#plugins.settings.holdOf(plugin, { role: "sink", operatorProps });
  }

  async #loadPlugin(
    plugin: FoundPlugin,
    { check }: SinkConfig,
    options: Loading & { hold: Hold },
  ): Promise<WorkerHost> {
    const host = await this.#plugins.isolates.open(plugin, { role: "sink", ...options });
    try {
      const schema = schemaOf(host, `sink "${plugin.type}"`);
      if (schema !== undefined) refuseErrors(await check(schema));
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
    return host;
  }

  #notFound(type: string, what: string): KuiperError {
    const names = Object.keys(BUILTIN_SINKS);
    const [meant] = nearest(type, names, 1);
    const cure = meant === undefined
      ? `there is ${oneOf(names, "and")}, and what plugins/sinks holds`
      : `did you mean "${meant}"?`;
    return fail("not_found", `${what}: there is no sink "${type}", ${cure}`);
  }
}

/** @param what failed, as sentences call it. */
function explainer(what: string, secrets: Secrets): PreparedSink["explain"] {
  return (failure) => {
    const message = secrets.mask(failure.message);
    const cause = new Error(message);
    cause.name = failure.name;
    if (failure.stack !== undefined) cause.stack = secrets.mask(failure.stack);
    const code = failure.name === "NotCapable" ? "denied" : "sink";
    const where = failure.step === "crash" ? "" : ` in ${failure.step}`;
    return fail(code, `${what} failed${where}: ${message}`, cause);
  };
}

/** For an instance that is configured and never opened. */
function trialContext(): SinkContext {
  return {
    signal: new AbortController().signal,
    log: silentLogger,
    ruleId: "",
    opId: "",
    instanceId: 0,
    status() {},
    refuse() {},
    taken() {},
  };
}

/** A loaded plugin as the host of a sink. */
export function sinkHostOf(host: WorkerHost): SinkHost {
  return {
    takes: host.info.takes ?? "bytes",
    start: (spec, events) => host.startSink(spec, events),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}
