import { dirname, fromFileUrl, join, resolve } from "@std/path";
import {
  type CommonFields,
  type ConfigInput,
  formatFinding,
  formatPlace,
  type Grant,
  type KuiperConfig,
  loadPluginsConfig,
  loadSourceConfig,
  type PluginEntry,
  type PluginOf,
  type PluginsConfig,
  refuseErrors,
  resolveGrant,
  restartOf,
  type RestartPolicy,
  showPath,
  type SourceConfig,
  validateProps,
} from "../config/mod.ts";
import { inlineHost, type SourceFailure, type SourceHost } from "../contract/mod.ts";
import { fail, KuiperError, type Logger } from "../core/mod.ts";
import {
  type Denial,
  describeGrant,
  findType,
  type Grant as IsolateGrant,
  type LinkedPlugin,
  loadLinked,
  type ProcessPool,
  readLock,
  type ResolvedType,
  resolveType,
  type SourceFolder,
  type StartingIsolate,
  startIsolate,
  typeKey,
  withinOwn,
  type WorkerHost,
} from "../loader/mod.ts";
import { BUILTIN_SOURCES } from "../source/mod.ts";
import type { CreateStream } from "../sql/mod.ts";
import type { DenialBook } from "./denial_book.ts";
import { fileStamp } from "./file_stamp.ts";
import { maskedError } from "./masking.ts";
import { hasUrl } from "./has_url.ts";
import { misplacedRate } from "./misplaced_rate.ts";
import { linkedFolder } from "./linked_folder.ts";
import { refuseOwnGrant, secretsGranted } from "./own_grant.ts";
import type { PluginCode } from "./plugin_code.ts";
import { type Code, type Provenance, ProvenanceRecord } from "./provenance.ts";
import { SharedHost } from "./shared_host.ts";

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

/** What a TYPE stands for: a built-in, a file, or an entry with a URL in etc/plugins.yaml. */
export type FoundSource = ResolvedType | {
  readonly kind: "url";
  readonly type: string;
  readonly entry: PluginEntry & { url: string };
};

/** A plugin, found. */
export type FoundPlugin = Exclude<FoundSource, { kind: "builtin" }>;

/** How a sink or function is held. */
export interface Hold {
  readonly permissions: IsolateGrant;
  /** Its entry in etc/plugins.yaml, or what holds without one. */
  readonly entry: PluginEntry;
}

/** How the isolate of a sink or function is loaded. */
export interface Loading {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Hears which code of a plugin by URL runs, as its hash, and is waited for. */
  started?(hash: string): Promise<void>;
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
  openHost(signal?: AbortSignal, onCode?: (code: Code) => Promise<void>): Promise<SourceHost>;
  /** Load a plugin alone; `undefined` for a built-in. */
  loadPlugin(): Promise<WorkerHost | undefined>;
  /** The sentence for a failure. */
  explain(failure: SourceFailure, stream: string): KuiperError;
}

type OnCode = (code: Code) => Promise<void>;

/** A plugin that is loaded, and the code that it is. */
interface Loaded {
  readonly host: WorkerHost;
  readonly code: Code;
}

type Load = (signal?: AbortSignal, onCode?: OnCode) => Promise<Loaded>;

/** Finds, configures and opens sources. Owns the isolates that several streams share. */
export class Sources implements AsyncDisposable {
  readonly #input: ConfigInput;
  readonly #config: KuiperConfig;
  readonly #log: Logger;
  readonly #frozen: boolean;
  readonly #denied: DenialBook;
  readonly #shared = new Map<string, SharedHost>();
  /** Of the etc/plugins.yaml that was read. */
  #pluginsStamp = "";
  // Loaded when the first plugin needs them: they are a fifth of the program, and a start is waited for.
  #processes: Promise<ProcessPool> | undefined;
  #code: Promise<PluginCode> | undefined;
  readonly #plugins = new Map<string, Promise<PluginsConfig>>();
  /** What was warned of grants: each stream would say it again. */
  readonly #told = new Set<string>();

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
    this.#frozen = frozen;
    this.#denied = denied;
  }

  /**
   * Where a TYPE comes from.
   *
   * @throws KuiperError `not_found` with the nearest names and where it looked; `config` when a file and a URL claim one
   * name.
   */
  async find(type: string, file?: string): Promise<FoundSource> {
    const builtins = Object.keys(BUILTIN_SOURCES);
    if (file !== undefined) {
      return await resolveType(type, { folders: [this.#folderOf(file)], builtins });
    }
    const { folders } = this;
    const found = await findType(type, { folders, builtins });
    // A built-in is never shadowed.
    if (found?.kind === "builtin") return found;
    const plugins = await this.#pluginsConfig(type);
    const entry = plugins.entryFor(type);
    const isSource = (entry: PluginEntry) => hasUrl(entry) && entry.of === "source";
    if (!hasUrl(entry) || !isSource(entry)) {
      if (found !== undefined) return found;
      if (hasUrl(entry)) throw otherKind(entry, "source");
      const urls = plugins.types.filter((name) => isSource(plugins.entryFor(name)));
      // It throws, and names those by URL too.
      return await resolveType(type, { folders, builtins: [...builtins, ...urls] });
    }
    if (found !== undefined) {
      throw fail(
        "config",
        `${found.display} and the url of "${entry.name}" in ${
          formatPlace(entry.place)
        } both claim TYPE ` +
          `"${type}": remove one of the two`,
      );
    }
    return { kind: "url", type: typeKey(entry.name), entry };
  }

  /**
   * Find and configure the source of a stream, and find out what code of a plugin by URL was approved.
   *
   * @throws KuiperError `denied` when the signature of that code is wrong.
   */
  async prepare(definition: CreateStream): Promise<PreparedSource> {
    const prepared = await this.prepareToRun(definition);
    await prepared.approve();
    return prepared;
  }

  /** The same without a look at the code: its isolate is started beside that, and refuses what was not approved. */
  async prepareToRun(definition: CreateStream): Promise<PreparedSource> {
    const { type, format, confKey, extra } = definition.options;
    return await this.prepareSource({ type, format, confKey, extra });
  }

  /** Find and configure a source. */
  async prepareSource(request: SourceRequest): Promise<PreparedSource> {
    const resolved = await this.find(request.type, request.file);
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
      return {
        ...common,
        isolation: "inline",
        grant: "all of the program's own",
        approve: () => Promise.resolve(),
        provenance: () => undefined,
        openHost: () => Promise.resolve(inlineHost(BUILTIN_SOURCES[resolved.type]!)),
        loadPlugin: () => Promise.resolve(undefined),
        explain,
      };
    }
    const permissions = await this.#grantOf(resolved.type, config);
    const plugins = await this.#pluginsConfig(resolved.type);
    const entry = resolved.kind === "url" ? resolved.entry : plugins.entryFor(resolved.type);
    const grant = describeGrant(permissions);
    const wrapper = this.#config.plugins.processWrapper?.[0] as string | undefined;
    const record = new ProvenanceRecord(entry, {
      grant,
      ...(wrapper === undefined ? {} : { wrapper }),
    });
    const load: Load = (signal, onCode) =>
      this.#load(resolved, { config, permissions, entry, record, signal, onCode });
    return {
      ...common,
      isolation: entry.isolation,
      grant,
      restart: restartOf(entry, "source"),
      approve: async () => {
        if (resolved.kind !== "url") return;
        record.approved(await (await this.#openCode()).approved(resolved.entry));
      },
      provenance: () => {
        const denied = this.#denied.list(resolved.type);
        return { ...record.get(), ...(denied === undefined ? {} : { denied }) };
      },
      openHost: this.#opener(resolved.kind === "url" ? entry.name : resolved.path, {
        load,
        record,
      }),
      loadPlugin: async () => (await load()).host,
      explain,
    };
  }

  // -- Functions --

  /**
   * Where a plugin with a function comes from; undefined when there is none of that name.
   *
   * @throws KuiperError `config` when two files, or a file and a URL, claim the name.
   */
  async findFunction(name: string): Promise<FoundPlugin | undefined> {
    return /^[a-z_][a-z0-9_]*$/.test(name) ? await this.#findPlugin(name, "function") : undefined;
  }

  /** Where a plugin with a sink comes from. As {@link findFunction}. */
  async findSink(type: string): Promise<FoundPlugin | undefined> {
    return await this.#findPlugin(type, "sink");
  }

  /** The plugin in a file outside of the base directory's plugins. @throws KuiperError `not_found` when it is none. */
  async findFile(file: string): Promise<FoundPlugin> {
    const found = await resolveType(typeOfFile(file), {
      folders: [this.#folderOf(file)],
      builtins: [],
    });
    // There is nothing built in to be found.
    if (found.kind === "builtin") throw fail("internal", `"${file}" is a built-in source`);
    return found;
  }

  async #findPlugin(
    name: string,
    role: Exclude<PluginOf, "source">,
  ): Promise<FoundPlugin | undefined> {
    const folders = this.foldersOf(role);
    const found = await findType(name, { folders, builtins: [] });
    const file = found?.kind === "file" ? found : undefined;
    const entry = (await this.#pluginsConfig(name)).entryFor(name);
    if (!hasUrl(entry)) return file;
    if (entry.of !== role) {
      if (file === undefined) throw otherKind(entry, role);
      return file;
    }
    if (file === undefined) return { kind: "url", type: typeKey(entry.name), entry };
    throw fail(
      "config",
      `${file.display} and the url of "${entry.name}" in ${
        formatPlace(entry.place)
      } both claim the ${role} "${name}": remove one of the two`,
    );
  }

  /**
   * The hash of the code that is approved now of a plugin by URL; undefined of a file, and where none is.
   *
   * @throws KuiperError `denied` when its signature is wrong.
   */
  async codeOf(found: FoundPlugin): Promise<string | undefined> {
    if (found.kind !== "url") return undefined;
    return (await (await this.#openCode()).approved(found.entry)).hash;
  }

  /** Start the isolate of a function and load it. @param options.hold of {@link holdOf}. */
  async openFunction(
    found: FoundPlugin,
    options: Loading & { readonly hold: Hold },
  ): Promise<WorkerHost> {
    return await this.#openPlugin(found, { role: "function", ...options });
  }

  /** Start the isolate of a sink and load it. @param options.hold of {@link holdOf}. */
  async openSink(
    found: FoundPlugin,
    options: Loading & { readonly hold: Hold },
  ): Promise<WorkerHost> {
    return await this.#openPlugin(found, { role: "sink", ...options });
  }

  /**
   * How a sink or function that starts now is held, as etc/plugins.yaml says now.
   *
   * @param operatorProps what a grant may take hosts from: never what a rule says.
   * @throws KuiperError `denied` for a grant beyond the program's own, `config` for a limit that only a source has.
   */
  async holdOf(
    found: FoundPlugin,
    { role, operatorProps }: {
      role: Exclude<PluginOf, "source">;
      operatorProps: SourceConfig["operatorProps"];
    },
  ): Promise<Hold> {
    const { type } = found;
    const permissions = await this.#grantOf(type, { role, operatorProps });
    const entry = found.kind === "url"
      ? found.entry
      : (await this.#pluginsConfig(type)).entryFor(type);
    const problem = misplacedRate(entry, role);
    if (problem !== undefined) throw fail("config", formatFinding(problem));
    return { permissions, entry };
  }

  async #openPlugin(
    found: FoundPlugin,
    { role, hold: { permissions, entry }, signal, started }: Loading & {
      role: Exclude<PluginOf, "source">;
      hold: Hold;
    },
  ): Promise<WorkerHost> {
    const isolate = await this.#startIsolate(found.type, { role, permissions, entry });
    try {
      const linked = await this.#link(found, role);
      const host = await isolate.load(linked, signal);
      if (found.kind === "url") {
        this.#logStart(entry, linked, describeGrant(permissions));
        await started?.(linked.hash);
      }
      return host;
    } catch (error) {
      await isolate[Symbol.asyncDispose]();
      throw maskedError(error, this.#input.secrets);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of [...this.#shared.values()]) await host.end();
  }

  // -- Isolates --

  /** A class or function gets an isolate for every instance; an object has one for all of its streams. */
  #opener(
    path: string,
    { load, record }: { load: Load; record: ProvenanceRecord },
  ): PreparedSource["openHost"] {
    let first: Promise<SharedHost | WorkerHost> | undefined;
    const join = async (shared: SharedHost, onCode: OnCode | undefined) => {
      const hold = shared.share();
      record.started(shared);
      await onCode?.(shared.code);
      return hold;
    };
    const open: PreparedSource["openHost"] = async (signal, onCode) => {
      first = load(signal, onCode).then((loaded) => this.#shareObject(path, loaded));
      const host = await first;
      return host instanceof SharedHost ? host.share() : host;
    };
    return async (signal, onCode) => {
      const running = this.#shared.get(path);
      if (running !== undefined) return await join(running, onCode);
      if (first === undefined) return await open(signal, onCode);
      const seen = first;
      const known = await seen;
      if (!(known instanceof SharedHost)) return (await load(signal, onCode)).host;
      if (!known.ended) return await join(known, onCode);
      // All that shared it have gone. Who comes first begins anew, the others wait for the same one.
      if (first === seen) return await open(signal, onCode);
      const fresh = await first;
      if (!(fresh instanceof SharedHost)) return (await load(signal, onCode)).host;
      return await join(fresh, onCode);
    };
  }

  #shareObject(path: string, { host, code }: Loaded): SharedHost | WorkerHost {
    if (host.info.kind !== "object") return host;
    const shared = new SharedHost({ host, code, onEnd: () => this.#shared.delete(path) });
    this.#shared.set(path, shared);
    return shared;
  }

  async #load(
    resolved: FoundPlugin,
    { config, permissions, entry, record, signal, onCode }: {
      config: SourceConfig;
      permissions: IsolateGrant;
      entry: PluginEntry;
      record: ProvenanceRecord;
      signal: AbortSignal | undefined;
      onCode: OnCode | undefined;
    },
  ): Promise<Loaded> {
    // The isolate starts while the module is being linked: each takes about 20 ms.
    const isolate = await this.#startIsolate(resolved.type, { permissions, entry });
    let host: WorkerHost;
    let code: LinkedPlugin;
    try {
      code = await this.#link(resolved, "source");
      const told = onCode?.(code);
      host = await isolate.load(code, signal);
      await told;
      record.started({ code, startedAt: host.info.startedAt });
      if (resolved.kind === "url") {
        this.#logStart(entry, code, record.get().grant);
      }
    } catch (error) {
      await isolate[Symbol.asyncDispose]();
      throw maskedError(error, this.#input.secrets);
    }
    const schema = host.info.manifest?.properties;
    if (schema !== undefined) {
      const findings = await validateProps(config.props, schema, config.where);
      if (findings.some((finding) => finding.severity === "error")) {
        await host[Symbol.asyncDispose]();
        refuseErrors(findings);
      }
    }
    return { host, code };
  }

  #logStart({ name, url, isolation }: PluginEntry, { hash }: LinkedPlugin, grant: string): void {
    this.#log.child(typeKey(name)).info(
      `runs ${url} of hash ${hash.slice(0, 12)} in a ${isolation}, grant: ${grant}`,
    );
  }

  async #startIsolate(
    type: string,
    { role = "source", permissions, entry }: {
      role?: PluginOf;
      permissions: IsolateGrant;
      entry: PluginEntry;
    },
  ): Promise<StartingIsolate> {
    const log = this.#log.child(type);
    const onDenied = (denial: Denial | undefined, count: number) =>
      this.#denied.add(type, denial, count);
    if (entry.isolation === "worker") {
      return startIsolate({ type, role, permissions, log, onDenied });
    }
    this.#processes ??= import("./process_pool.ts").then(({ ProcessPool }) => new ProcessPool());
    const { processWrapper: wrapper } = this.#config.plugins;
    return (await this.#processes).start({
      type,
      role,
      permissions,
      log,
      onDenied,
      limits: entry.limits,
      ...(wrapper === undefined ? {} : { wrapper }),
    });
  }

  #openCode(): Promise<PluginCode> {
    return this.#code ??= import("./plugin_code.ts").then(({ PluginCode }) =>
      new PluginCode(this.#input, { config: this.#config, log: this.#log })
    );
  }

  async #link(resolved: FoundPlugin, of: PluginOf): Promise<LinkedPlugin> {
    if (resolved.kind === "url") return await (await this.#openCode()).load(resolved.entry);
    const linked = await loadLinked({
      entry: resolved.path,
      display: resolved.display,
      cacheDir: linkedFolder(this.#input.paths),
      log: this.#log,
    });
    // What comes inside the program is as it was compiled.
    if (this.#frozen && resolved.folder !== EMBEDDED) {
      const { lock: path } = this.#input.paths;
      const { refuseUnpinned } = await import("./frozen.ts");
      const lockName = showPath(this.#input.paths, path);
      const lock = await readLock(path);
      refuseUnpinned(linked, { type: resolved.type, of, lock, lockName });
    }
    return linked;
  }

  // -- Grants --

  /** Read again when it has changed, for what starts then: what runs keeps what it started with. */
  async #pluginsConfig(type: string): Promise<PluginsConfig> {
    const stamp = await fileStamp(join(this.#input.paths.etc, "plugins.yaml"));
    if (stamp !== this.#pluginsStamp) {
      this.#pluginsStamp = stamp;
      this.#plugins.clear();
    }
    let plugins = this.#plugins.get(type);
    if (plugins === undefined) {
      plugins = loadPluginsConfig({
        ...this.#input,
        allowUnsafe: this.#config.plugins.allowUnsafe,
        type,
      }).then((plugins) => {
        for (const warning of plugins.warnings) this.#log.warn(warning);
        return plugins;
      });
      this.#plugins.set(type, plugins);
    }
    return await plugins;
  }

  async #grantOf(
    type: string,
    config: Pick<SourceConfig, "operatorProps"> & {
      role?: PluginOf;
    },
  ): Promise<IsolateGrant> {
    const plugins = await this.#pluginsConfig(type);
    const written = plugins.grantFor(type);
    const granted = isolateGrant(
      resolveGrant(written, {
        type,
        props: config.operatorProps,
        base: this.#input.paths.base,
      }),
    );
    const owner = `${config.role ?? "source"} "${type}"`;
    withinOwn(granted, owner);
    const of = { paths: this.#input.paths, name: type };
    await refuseOwnGrant(granted, { ...of, owner });
    for (const warning of await secretsGranted(granted, { ...of, place: written.place })) {
      const text = formatFinding(warning);
      if (!this.#told.has(text)) this.#log.warn(text);
      this.#told.add(text);
    }
    return granted;
  }

  // -- Places --

  /** Folders of source files, the base directory's own first. */
  get folders(): SourceFolder[] {
    return this.foldersOf("source");
  }

  /** Folders of the files of one kind of plugin, the base directory's own first. */
  foldersOf(of: PluginOf): SourceFolder[] {
    const own = join(this.#input.paths.plugins, `${of}s`);
    const folders = [{ path: own, display: showPath(this.#input.paths, own) }];
    if (of !== "source") return folders;
    // Run from the source tree with the tree as its base, both are one.
    if (resolve(EMBEDDED) !== resolve(own)) {
      folders.push({ path: EMBEDDED, display: "built-in plugins/sources" });
    }
    return folders;
  }

  #folderOf(file: string): SourceFolder {
    const path = dirname(resolve(file));
    return { path, display: showPath(this.#input.paths, path) };
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

/** The error for a plugin by URL that is used as what it is not. */
function otherKind(entry: PluginEntry & { url: string }, wanted: PluginOf): KuiperError {
  return fail(
    "not_found",
    `"${entry.name}" in ${formatPlace(entry.place)} is a ${entry.of}, no ${wanted}: write ` +
      `"kind: ${wanted}" there if it is one`,
  );
}

/** Where the plugins are that come inside the program. */
const EMBEDDED = fromFileUrl(new URL("../../plugins/sources/", import.meta.url));

/** The grant without the kinds that it leaves out. */
function isolateGrant(grant: Grant): IsolateGrant {
  const { place: _, ...kinds } = grant;
  return Object.fromEntries(Object.entries(kinds).filter(([, value]) => value !== false));
}

/** The TYPE that a source file stands for: its name without version and extension. */
export function typeOfFile(file: string): string {
  const name = file.split(/[\\/]/).at(-1) ?? file;
  return typeKey(name.replace(/\.(?:ts|js|mts|mjs)$/, "").replace(/@.*$/, ""));
}
