/**
 * The only place where configuration, store, loader and sources meet the engine.
 *
 * @module
 */
import { join } from "@std/path";
import {
  createLogger,
  fail,
  type Logger,
  messageOf,
  nearest,
  oneOf,
  systemClock,
} from "./core/mod.ts";
import {
  type BasePaths,
  type ConfigInput,
  DEFAULT_KUIPER_CONFIG,
  type Finding,
  type KuiperConfig,
  loadKuiperConfig,
  type PluginOf,
  resolveBase,
  Secrets,
} from "./config/mod.ts";
import { typeKey } from "./loader/mod.ts";
import type { RunningBook, SeenQuery, SeenRule, SeenStream, Store } from "./store/mod.ts";
import { type CreateStream, parseStatement } from "./sql/mod.ts";
import type { RuleManager } from "./rule/mod.ts";
import type { Selection, StateKeeper, StreamRun } from "./stream/mod.ts";
import type { CheckOptions, CheckStep } from "./app/check_step.ts";
import { DenialBook } from "./app/denial_book.ts";
import type { StreamDescription } from "./app/describe_stream.ts";
import { maskedLogger } from "./app/masking.ts";
import type { InstallOptions } from "./app/install_plugin.ts";
import { OpenedAhead } from "./app/opened_ahead.ts";
import type {
  PluginDescription,
  PluginProposal,
  PluginSummary,
  ProposeOptions,
} from "./app/plugin_proposal.ts";
import type { PinnedPlugin, PinOptions } from "./app/pin_files.ts";
import type { PluginUsers } from "./app/plugin_users.ts";
import type { Plugins } from "./app/plugins.ts";
import type { SignedFile, SignOptions } from "./app/sign_plugin.ts";
import { type PreparedSource, Sources } from "./app/sources.ts";
import type { Functions } from "./app/functions.ts";
import type { QueryContext, QueryRun } from "./app/run_query.ts";
import { forgetStream, storeKeeper, streamScope } from "./app/store_keeper.ts";
import type { ValidateOptions } from "./app/validate.ts";

export { builtinNames } from "./app/builtin_names.ts";
export type { CheckOptions, CheckStep, StreamDescription, ValidateOptions };
export type { PinnedPlugin, PluginDescription, PluginOf, PluginProposal, PluginSummary };
export type { InstallOptions, ProposeOptions };

/** What an application is opened with. */
export interface AppOptions {
  /** The value of `--base`. */
  base?: string;
  env: Record<string, string>;
  log: Logger;
  /**
   * Open also over a wrong `etc/kuiper.yaml`, with the defaults in its place: to say everything that is wrong.
   *
   * @default {false}
   */
  checkOnly?: boolean;
  /**
   * `all` runs plugins from files, too, only as `kuiper.lock` pins them; those by URL it always does.
   *
   * @default {files are free to change}
   */
  frozen?: "all";
}

/** Where the sources' own stop may at most stand in the stop of a whole stream. */
const SOURCE_SHARE = 0.75;

/** One base directory, opened: its definitions, its sources, its running streams. */
export class App implements AsyncDisposable {
  readonly base: BasePaths;
  readonly config: KuiperConfig;
  readonly #input: ConfigInput;
  readonly #log: Logger;
  readonly #sources: Sources;
  readonly #denied: DenialBook;
  readonly #runs = new Set<StreamRun>();
  readonly #ahead = new Set<OpenedAhead>();
  #plugins: Promise<Plugins> | undefined;
  #functions: Promise<Functions> | undefined;
  #rules: Promise<RuleManager> | undefined;
  #store: Promise<Store> | undefined;
  #onlooker: Promise<Store> | undefined;
  #running: Promise<RunningBook> | undefined;

  /** Read `etc/kuiper.yaml`. Nothing else is touched before it is needed. */
  static async open(options: AppOptions): Promise<App> {
    const paths = resolveBase({
      env: options.env,
      ...(options.base === undefined ? {} : { base: options.base }),
    });
    await refuseMissing(paths);
    const input = { paths, env: options.env, secrets: new Secrets() };
    const config = await loadKuiperConfig(input).catch((error) => {
      if (options.checkOnly === true) return DEFAULT_KUIPER_CONFIG;
      throw error;
    });
    return new App(input, config, options);
  }

  private constructor(input: ConfigInput, config: KuiperConfig, { log, frozen }: AppOptions) {
    this.base = input.paths;
    this.config = config;
    this.#input = input;
    this.#log = maskedLogger(log, input.secrets);
    this.#denied = new DenialBook(() => this.#store, {
      log: this.#log,
      mask: (text) => input.secrets.mask(text),
    });
    this.#sources = new Sources(input, config, {
      log: this.#log,
      denied: this.#denied,
      frozen: frozen === "all",
    });
  }

  // -- Definitions --

  /** Store a definition. A TYPE that is not there yet is said, not refused: its file may come later. */
  async createStream(statement: CreateStream): Promise<void> {
    const store = await this.#open(`kuiper create stream ${statement.name}`, { brief: true });
    const { printStatement } = await import("./sql/mod.ts");
    store.streams.put({
      name: statement.name,
      statement: printStatement(statement, { secrets: "show" }),
      created: Date.now(),
    });
    try {
      await this.#sources.finder.find(statement.options.type);
    } catch (error) {
      this.#log.warn((error as Error).message);
    }
  }

  /**
   * Put a definition in the place of the one of that name; the rules that read it are started again. Where they stood
   * is forgotten when something else is read now: another TYPE or DATASOURCE.
   *
   * @throws KuiperError `rule` that names the first rule whose query it does not fit; then nothing has changed.
   */
  async replaceStream(statement: CreateStream): Promise<void> {
    const { name } = statement;
    const before = await this.stream(name);
    const store = await this.#open(`kuiper create stream ${name}`, { brief: true });
    const readers = store.rules.readersOf(name);
    if (readers.length > 0) {
      const { refuseMisfit } = await import("./app/rules.ts");
      await refuseMisfit(statement, {
        rules: readers.flatMap((id) => store.rules.get(id) ?? []),
        functions: await this.#openFunctions(),
      });
    }
    const { printStatement } = await import("./sql/mod.ts");
    store.streams.put({
      name,
      statement: printStatement(statement, { secrets: "show" }),
      created: Date.now(),
    }, { replace: true });
    const goesOn = before.options.type === statement.options.type &&
      before.options.datasource === statement.options.datasource;
    await this.#restart(readers, `its stream "${name}" is replaced`, () => {
      if (!goesOn) forgetStream(store, name, readers);
    });
  }

  /** Let the rules over a stream begin anew; `between` is called when none of them runs, so that none stores what it does. */
  async #restart(readers: readonly string[], reason: string, between: () => void): Promise<void> {
    const rules = await this.#rules;
    if (rules === undefined) between();
    else await rules.restartAll(readers, reason, between);
  }

  /** The names of the stored streams, sorted. */
  async streamNames(): Promise<string[]> {
    const store = await this.#look();
    return store.streams.list().map((stream) => stream.name);
  }

  /** A stored definition. @throws KuiperError `not_found` with the nearest names. */
  async stream(name: string): Promise<CreateStream> {
    const store = await this.#look();
    const stored = store.streams.get(name);
    if (stored === undefined) throw unknownStream(name, store);
    return parseStatement(stored.statement) as CreateStream;
  }

  /** What a stream is and what it runs on. */
  async describeStream(name: string): Promise<StreamDescription> {
    const { describeStream } = await import("./app/describe_stream.ts");
    return await describeStream(await this.stream(name), this.#sources);
  }

  /**
   * Forget a stream, its state and its offsets.
   *
   * @param options.force also while rules read it. @default {false}
   * @throws KuiperError `not_found`, `exists` while rules read it
   */
  async dropStream(name: string, options: { force?: boolean } = {}): Promise<void> {
    const store = await this.#open(`kuiper drop stream ${name}`, { brief: true });
    if (options.force !== true) refuseReaders(name, store);
    if (!store.streams.remove(name)) throw unknownStream(name, store);
    const readers = store.rules.readersOf(name);
    await this.#restart(
      readers,
      `its stream "${name}" is dropped`,
      () => forgetStream(store, name, readers),
    );
  }

  /** Everything that is wrong with the configuration, the stored streams, and statements that are given. */
  async validate(options: ValidateOptions): Promise<Finding[]> {
    const stored = async () => (await this.#look()).streams.list();
    const warned: string[] = [];
    const log = createLogger((line) => warned.push(line), { level: "warn" });
    await using sources = new Sources(this.#input, this.config, {
      log: maskedLogger(log, this.#input.secrets),
      denied: this.#denied,
    });
    const { validate } = await import("./app/validate.ts");
    return await validate(options, { input: this.#input, sources, warned, stored });
  }

  // -- Rules --

  /** The rules of the store; none runs before {@link App.startRules}. */
  get rules(): Promise<RuleManager> {
    return this.#rules ??= this.#openRules();
  }

  /** Start the rules that ran when the program ended, and let those run that are started from now on. */
  async startRules(): Promise<void> {
    await (await this.rules).restore();
  }

  /** Run a query until it is disposed of; nothing of it is stored. */
  async runQuery(sql: string): Promise<QueryRun> {
    const { runQuery } = await import("./app/run_query.ts");
    return await runQuery(sql, await this.#queries());
  }

  /** The plan of `EXPLAIN SELECT …`, for people. */
  async explainQuery(sql: string): Promise<string> {
    const { explainQuery } = await import("./app/run_query.ts");
    return await explainQuery(sql, await this.#queries());
  }

  async #queries(): Promise<QueryContext> {
    return {
      functions: await this.#openFunctions(),
      book: () => this.#runningBook(),
      stream: (name) => this.stream(name),
      run: (definition, selection) => this.run(definition, { selection }),
      log: this.#log.child("query"),
      clock: systemClock,
    };
  }

  // -- Running --

  /**
   * Start a stream. The caller iterates it and disposes of it.
   *
   * @param options.stored keep state and offsets in the store. @default {false}
   * @param options.keeper keeps them in its place. @default {the stream's own scope, with `stored`}
   * @param options.selection what the reader needs of it. @default {everything}
   */
  async run(
    definition: CreateStream,
    options: {
      stored?: boolean;
      keeper?: StateKeeper;
      selection?: Selection | undefined;
    } = {},
  ): Promise<StreamRun> {
    const source = await this.#sources.prepareToRun(definition);
    const made = Promise.withResolvers<StreamRun>();
    // Only a plugin that is loaded by then asks for it.
    made.promise.catch(() => {});
    // An isolate takes 20 ms to start: what it is for is loaded meanwhile.
    const ahead = new OpenedAhead((signal) =>
      source.openHost(
        signal,
        async ({ hash }) => this.#showRunning(await made.promise, { source, hash }),
      )
    );
    this.#ahead.add(ahead);
    try {
      const run = await this.#streamRun(definition, { ...options, source, ahead });
      made.resolve(run);
      this.#runs.add(run);
      void run.closed.then(() => {
        this.#runs.delete(run);
        return Promise.all([
          this.#notAhead(ahead),
          this.#denied.save(),
          this.#running?.then((book) => book.delete(run)),
        ]);
      });
      return run;
    } catch (error) {
      made.reject(error);
      await this.#notAhead(ahead);
      throw error;
    }
  }

  async #notAhead(ahead: OpenedAhead): Promise<void> {
    await ahead[Symbol.asyncDispose]();
    this.#ahead.delete(ahead);
  }

  async #streamRun(
    definition: CreateStream,
    { source, ahead, stored, keeper, selection }: {
      source: PreparedSource;
      ahead: OpenedAhead;
      stored?: boolean;
      keeper?: StateKeeper;
      selection?: Selection | undefined;
    },
  ): Promise<StreamRun> {
    if (keeper === undefined && stored === true) {
      const store = await this.#open(`kuiper run ${definition.name}`);
      keeper = storeKeeper(store, streamScope(definition.name));
    }
    const { common } = source;
    const stopTimeoutMs = this.config.basic.gracefulShutdownTimeoutMs;
    const { StreamRun } = await import("./stream/mod.ts");
    return new StreamRun({
      definition,
      selection,
      props: source.props,
      concurrency: common.concurrency,
      bufferLength: common.bufferLength,
      overflow: common.overflow,
      maxTupleBytes: common.maxTupleBytes,
      stopTimeoutMs,
      sourceStopMs: Math.min(common.stopTimeoutMs, stopTimeoutMs * SOURCE_SHARE),
      openHost: (_instanceId, signal) => ahead.take(signal),
      explain: (failure) => source.explain(failure, definition.name),
      ...(source.restart === undefined ? {} : { restart: source.restart }),
      provenance: () => source.provenance(),
      mask: (text) => this.#input.secrets.mask(text),
      ...(keeper === undefined ? {} : { keeper }),
      log: this.#log.child(definition.name),
      clock: systemClock,
    });
  }

  /** Try a plugin step by step. @returns whether every step went well. @throws KuiperError `usage` */
  async checkPlugin(options: CheckOptions, report: (step: CheckStep) => void): Promise<boolean> {
    const { checkPlugin } = await import("./app/check_plugin.ts");
    const { secrets } = this.#input;
    return await checkPlugin(options, {
      input: this.#input,
      sources: this.#sources,
      log: this.#log,
      report: (step) => report({ ...step, text: secrets.mask(step.text) }),
    });
  }

  // -- Plugins --

  /** Fetch a plugin's code, look at it and say what there is to know; nothing is written before its approval. */
  async proposePlugin(options: ProposeOptions): Promise<PluginProposal> {
    return await (await this.#openPlugins()).propose(options);
  }

  /** The same for every plugin that {@link App.exportPlugins} wrote. */
  async proposeImport(dir: string): Promise<PluginProposal[]> {
    return await (await this.#openPlugins()).proposeImport(dir);
  }

  /** Write plugins by URL, all or those named, to a new directory. @returns their names. */
  async exportPlugins(dir: string, names?: readonly string[]): Promise<string[]> {
    return await (await this.#openPlugins()).export(dir, names);
  }

  /** Fetch a plugin and pin it with no grant, as over REST. */
  async installPlugin(options: InstallOptions): Promise<void> {
    const { installPlugin } = await import("./app/install_plugin.ts");
    await installPlugin(options, await this.#openPlugins());
  }

  /** Every plugin by URL and from a file. */
  async listPlugins(): Promise<PluginSummary[]> {
    return await (await this.#openPlugins()).catalog.list();
  }

  /** What is known of a plugin, or of one that is `of` a kind, without running it. @throws KuiperError `not_found` */
  async describePlugin(name: string, of?: PluginOf): Promise<PluginDescription> {
    const description = await (await this.#openPlugins()).catalog.describe(name, of);
    if (description.kind !== "url") return description;
    const running = await this.running(name, description.of);
    return running.length === 0 ? description : { ...description, running };
  }

  /** Pin plugins from files as they are now. */
  async pinFiles(options: PinOptions = {}): Promise<PinnedPlugin[]> {
    const { pinFiles } = await import("./app/pin_files.ts");
    return await pinFiles(options, {
      folderOf: (of) => this.#sources.finder.foldersOf(of)[0]!,
      lock: this.base.lock,
      scratch: this.base.data,
      log: this.#log,
    });
  }

  /** Sign plugins that lie in files, for whoever fetches them. @throws as its options say. */
  async signPlugins(options: SignOptions): Promise<SignedFile[]> {
    const { signPlugins } = await import("./app/sign_plugin.ts");
    return await signPlugins(options);
  }

  /**
   * Forget a plugin by URL.
   *
   * @returns a sentence for each stored stream or rule that cannot be read, and so may have used it.
   * @throws KuiperError `exists` while a stored stream or rule uses it, `not_found`
   */
  async removePlugin(name: string): Promise<string[]> {
    return await (await this.#openPlugins()).remove(name);
  }

  /** `text` without secrets and without the place of the base directory: for whom one does not know. */
  mask(text: string): string {
    return this.#input.secrets.mask(text).replaceAll(`${this.base.base}/`, "");
  }

  /** Own `data/` from now on, until this is disposed of. @throws KuiperError `busy` when another process does. */
  async own(owner: string): Promise<void> {
    await this.#open(owner);
  }

  /** Write into the lock of `data/`, which this process owns, where its server is. */
  async announce(address: string): Promise<void> {
    await (await this.#store)?.announce(address);
  }

  /** Where the server is that owns `data/` now; undefined when none does. */
  async server(): Promise<string | undefined> {
    const { lockedAddress } = await import("./store/mod.ts");
    return await lockedAddress(join(this.base.data, "lock"));
  }

  /** The streams over a plugin by URL that processes run now, this one's too. */
  async runningStreams(plugin: string): Promise<SeenStream[]> {
    const { runningStreams } = await import("./store/mod.ts");
    return (await runningStreams(this.#runningFolder))
      .filter((one) => one.plugin === typeKey(plugin));
  }

  /** What runs a plugin by URL: the streams over a source, the rules and queries with a sink or function. */
  async running(plugin: string, of: PluginOf): Promise<(SeenStream | SeenRule | SeenQuery)[]> {
    if (of === "source") return await this.runningStreams(plugin);
    const { runningQueries, runningRules } = await import("./store/mod.ts");
    const folder = this.#runningFolder;
    return [...await runningRules(folder), ...await runningQueries(folder)]
      .filter((one) => one.of === of && one.plugin === typeKey(plugin));
  }

  /** Stop every stream, then close the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    // A rule that is being put together may wait for one of its functions.
    (await this.#functions)?.stopLoading();
    await (await this.#rules?.catch(() => undefined))?.[Symbol.asyncDispose]();
    await Promise.all([...this.#runs].map((run) => run[Symbol.asyncDispose]()));
    await Promise.all([...this.#ahead].map((ahead) => ahead[Symbol.asyncDispose]()));
    await (await this.#functions)?.[Symbol.asyncDispose]();
    await this.#sources[Symbol.asyncDispose]();
    await this.#denied.save();
    await (await this.#running)?.[Symbol.asyncDispose]();
    const stores = [this.#store, this.#onlooker];
    this.#store = this.#onlooker = undefined;
    for (const store of stores) {
      await (await store?.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  }

  get #runningFolder(): string {
    return join(this.base.data, "running");
  }

  /** Let other processes see which code of its plugin a stream runs. */
  async #showRunning(
    run: StreamRun,
    { source, hash }: { source: PreparedSource; hash: string },
  ): Promise<void> {
    const { kind, type: plugin } = source.resolved;
    if (kind !== "url") return;
    const book = await this.#runningBook();
    await book.set(run, { stream: run.name, plugin, hash });
  }

  #runningBook(): Promise<RunningBook> {
    return this.#running ??= import("./store/mod.ts").then(({ RunningBook }) =>
      new RunningBook(
        this.#runningFolder,
        (error) => this.#log.debug(`Others cannot see what runs here: ${messageOf(error)}`),
      )
    );
  }

  /** Functions are loaded for the first query. */
  async #openFunctions(): Promise<Functions> {
    this.#functions ??= import("./app/functions.ts").then(({ Functions }) =>
      new Functions(this.#sources, { clock: systemClock, log: this.#log })
    );
    return await this.#functions;
  }

  /** What only the management of plugins needs is loaded for it. */
  async #openPlugins(): Promise<Plugins> {
    this.#plugins ??= import("./app/plugins.ts").then(({ Plugins }) =>
      new Plugins(this.#input, {
        config: this.config,
        log: this.#log,
        folders: (of) => this.#sources.finder.foldersOf(of),
        usersOf: (name, of) => this.#usersOf(name, of),
        deniedOf: async (type) => this.#denied.list(type, await this.#look()),
      })
    );
    return await this.#plugins;
  }

  /** The stored streams or rules of a plugin; a process that owns the store is no hindrance. */
  async #usersOf(name: string, of: PluginOf): Promise<PluginUsers> {
    const { openStore } = await import("./store/mod.ts");
    await using store = await openStore(this.base.data, { owner: "kuiper plugin", readOnly: true });
    const { usersOf } = await import("./app/plugin_users.ts");
    return usersOf(store, name, of);
  }

  /** What only rules need is loaded for them. */
  async #openRules(): Promise<RuleManager> {
    const { openRules } = await import("./app/rules.ts");
    const store = await this.#open("kuiper rules", { brief: true });
    return openRules({
      store,
      input: this.#input,
      sources: this.#sources,
      functions: await this.#openFunctions(),
      stream: (name) => this.stream(name),
      run: (definition, options) => this.run(definition, options),
      book: () => this.#runningBook(),
      mask: (text) => this.mask(text),
      stopTimeoutMs: this.config.basic.gracefulShutdownTimeoutMs,
      log: this.#log,
      clock: systemClock,
    });
  }

  /** SQLite costs time and memory at start: only what needs definitions loads it. */
  async #open(owner: string, options: { brief?: boolean } = {}): Promise<Store> {
    this.#store ??= import("./store/mod.ts").then(({ openStore }) =>
      openStore(this.base.data, { owner, ...options })
    );
    return await this.#store;
  }

  /** The store for reading definitions, also while another process runs a stream on it; nothing is made. */
  async #look(): Promise<Store> {
    if (this.#store !== undefined) return await this.#store;
    this.#onlooker ??= import("./store/mod.ts").then(({ openStore }) =>
      openStore(this.base.data, { owner: "kuiper", readOnly: true })
    );
    return await this.#onlooker;
  }
}

/** A rule whose stream is gone cannot be started again. */
function refuseReaders(name: string, store: Store): void {
  const readers = store.rules.readersOf(name);
  if (readers.length === 0) return;
  const some = readers.slice(0, 5);
  const more = readers.length > some.length ? ` and ${readers.length - some.length} more` : "";
  throw fail(
    "exists",
    `Stream "${name}" is read by rule ${
      oneOf(some, "and")
    }${more}: drop those first, or use --force ` +
      "(?force=true over REST)",
  );
}

function unknownStream(name: string, store: Store): Error {
  const names = store.streams.list().map((stream) => stream.name);
  const near = nearest(name, names, 1);
  const cure = near.length > 0
    ? `did you mean ${oneOf(near)}?`
    : names.length === 0
    ? 'there is none yet, define it with "kuiper create stream"'
    : names.length <= 10
    ? `there is ${oneOf(names, "and")}`
    : `"kuiper show streams" lists the ${names.length} that there are`;
  return fail("not_found", `Stream "${name}" is not defined, ${cure}`);
}

async function refuseMissing(paths: BasePaths): Promise<void> {
  try {
    if ((await Deno.stat(paths.base)).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw fail(
    "config",
    `The base directory "${paths.base}" is no directory, make it or name another with --base`,
  );
}
