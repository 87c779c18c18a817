import {
  type CommonFields,
  type ConfigInput,
  type KuiperConfig,
  loadSourceConfig,
  restartOf,
  type RestartPolicy,
  type SourceConfig,
} from "../config/mod.ts";
import type { SourceFailure, StreamContext } from "../contract/mod.ts";
import { fail, type KuiperError, type Logger, messageOf, silentLogger } from "../core/mod.ts";
import { describeGrant, type WorkerHost } from "../loader/mod.ts";
import { BUILTIN_SOURCES } from "../source/mod.ts";
import type { CreateStream } from "../sql/mod.ts";
import type { DenialBook } from "./denial_book.ts";
import { maskedError } from "./masking.ts";
import { type FoundSource, PluginFinder } from "./plugin_finder.ts";
import { type OpenSource, PluginIsolates } from "./plugin_isolates.ts";
import { PluginSettings } from "./plugin_settings.ts";
import { type Provenance, ProvenanceRecord } from "./provenance.ts";

/** What a source is started from. */
export interface SourceRequest {
  /** The stream's TYPE. */
  type: string;
  /** The stream's FORMAT, which the source sees among its properties. */
  format: string;
  confKey?: string | undefined;
  extra?: CreateStream["options"]["extra"] | undefined;
  /** A source file outside of the base directory's plugins. */
  file?: string | undefined;
}

/** A source, found and configured, but not started. */
export interface PreparedSource {
  readonly resolved: FoundSource;
  readonly config: SourceConfig;
  readonly common: CommonFields;
  readonly props: Record<string, unknown>;
  /** For people. */
  readonly isolation: "inline" | "worker" | "process";
  readonly grant: string;
  /** How a plugin's crashed isolate is started again; absent for a built-in. */
  readonly restart?: Required<RestartPolicy>;
  /** Let {@link PreparedSource.provenance} know before a start what code was approved. @throws KuiperError `denied` */
  approve(): Promise<void>;
  /** Where a plugin's code comes from and how it is held, as far as that is known now; nothing for a built-in. */
  provenance(): Provenance | undefined;
  /**
   * Open what runs one instance.
   *
   * @param signal ends the loading of a plugin.
   * @param onCode hears which code of a plugin it will run, or does; the host is ready after its answer.
   */
  openHost: OpenSource;
  /** Configure a built-in for trial: it connects to nothing. @throws KuiperError `config` for what it refuses. */
  tryBuiltin(definition: CreateStream): Promise<void>;
  /** Load a plugin alone; `undefined` for a built-in. */
  loadPlugin(): Promise<WorkerHost | undefined>;
  /** The sentence for a failure. */
  explain(failure: SourceFailure, stream: string): KuiperError;
}

/** Finds, configures and opens sources. Sinks and functions of plugins are found, held and opened with its parts. */
export class Sources implements AsyncDisposable {
  readonly finder: PluginFinder;
  readonly settings: PluginSettings;
  readonly isolates: PluginIsolates;
  readonly #input: ConfigInput;
  readonly #config: KuiperConfig;
  readonly #log: Logger;
  readonly #denied: DenialBook;

  /**
   * @param options.denied counts what plugins are denied.
   * @param options.frozen run files only as `kuiper.lock` pins them. @default {false}
   */
  constructor(
    input: ConfigInput,
    config: KuiperConfig,
    { log, denied, frozen = false }: { log: Logger; denied: DenialBook; frozen?: boolean },
  ) {
    this.#input = input;
    this.#config = config;
    this.#log = log;
    this.#denied = denied;
    this.settings = new PluginSettings(input, { config, log });
    this.finder = new PluginFinder(input, this.settings);
    this.isolates = new PluginIsolates(input, { config, log, denied, frozen });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.isolates[Symbol.asyncDispose]();
  }

  /**
   * Find and configure the source of a stream, and find out what code of a plugin by URL was approved.
   *
   * @throws KuiperError `denied` when the signature of that code is wrong; `config` for what a built-in source refuses.
   */
  async prepare(definition: CreateStream): Promise<PreparedSource> {
    const prepared = await this.prepareToRun(definition);
    await prepared.approve();
    await prepared.tryBuiltin(definition);
    return prepared;
  }

  /** The same without a look at the code: its isolate is started beside that, and refuses what was not approved. */
  async prepareToRun(definition: CreateStream): Promise<PreparedSource> {
    const { type, format, confKey, extra } = definition.options;
    return await this.prepareSource({ type, format, confKey, extra });
  }

  /** Find and configure a source. */
  async prepareSource(request: SourceRequest): Promise<PreparedSource> {
    const resolved = await this.finder.find(request.type, request.file);
    const config = await loadSourceConfig({
      ...this.#input,
      type: resolved.type,
      confKey: request.confKey,
      extra: request.extra,
    });
    for (const warning of config.warnings) this.#log.warn(warning);
    const props = { ...config.props, format: request.format };
    const common = { resolved, config, common: config.common, props };
    const explain = (failure: SourceFailure, stream: string) =>
      this.#explain(failure, { type: resolved.type, stream });
    if (resolved.kind === "builtin") {
      const ground = { spillFolder: this.#input.paths.data };
      const make = () => BUILTIN_SOURCES[resolved.type]!(ground);
      return {
        ...common,
        isolation: "inline",
        grant: "all of the program's own",
        approve: () => Promise.resolve(),
        provenance: () => undefined,
        openHost: async () => {
          // A plugin is run by its isolate.
          const { inlineHost } = await import("../contract/mod.ts");
          return inlineHost(make);
        },
        tryBuiltin: async ({ name, options }) => {
          try {
            await (await make()).configure(options.datasource, props, trialContext(name));
          } catch (error) {
            const masked = maskedError(error, this.#input.secrets);
            const what = `Source "${resolved.type}" of stream "${name}"`;
            throw fail("config", `${what}: ${messageOf(masked)}`, masked);
          }
        },
        loadPlugin: () => Promise.resolve(undefined),
        explain,
      };
    }
    const { isolates } = this;
    const permissions = await this.settings.grantOf(resolved.type, config);
    const plugins = await this.settings.read(resolved.type);
    const entry = resolved.kind === "url" ? resolved.entry : plugins.entryFor(resolved.type);
    const grant = describeGrant(permissions);
    const wrapper = this.#config.plugins.processWrapper?.[0] as string | undefined;
    const record = new ProvenanceRecord(entry, {
      grant,
      ...(wrapper === undefined ? {} : { wrapper }),
    });
    const hold = { config, permissions, entry, record };
    return {
      ...common,
      isolation: entry.isolation,
      grant,
      restart: restartOf(entry, "source"),
      tryBuiltin: () => Promise.resolve(),
      approve: async () => record.approved(await isolates.approved(resolved)),
      provenance: () => {
        const denied = this.#denied.list(resolved.type);
        return { ...record.get(), ...(denied === undefined ? {} : { denied }) };
      },
      openHost: isolates.opener(resolved, hold),
      loadPlugin: async () => (await isolates.loadSource(resolved, hold)).host,
      explain,
    };
  }

  #explain(failure: SourceFailure, names: { type: string; stream: string }): KuiperError {
    const { secrets } = this.#input;
    const message = secrets.mask(failure.message);
    const cause = new Error(message);
    cause.name = failure.name;
    if (failure.stack !== undefined) cause.stack = secrets.mask(failure.stack);
    if (failure.name === "NotCapable") {
      return fail("denied", `Stream "${names.stream}" ended: ${message}`, cause);
    }
    const where = failure.step === "crash" ? "" : ` in ${failure.step}`;
    return fail(
      "source",
      `Source "${names.type}" of stream "${names.stream}" failed${where}: ${message}`,
      cause,
    );
  }
}

/** For an instance that is configured and never opened. */
function trialContext(streamId: string): StreamContext {
  return {
    signal: new AbortController().signal,
    log: silentLogger,
    streamId,
    opId: "",
    instanceId: 0,
    status() {},
    getState: () => undefined,
    putState() {},
    deleteState() {},
    incrCounter: () => 0,
    getCounter: () => 0,
  };
}
