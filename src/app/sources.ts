import { dirname, fromFileUrl, join, resolve } from "@std/path";
import {
  type CommonFields,
  type ConfigInput,
  type Grant,
  type KuiperConfig,
  loadPluginsConfig,
  loadSourceConfig,
  refuseErrors,
  resolveGrant,
  showPath,
  type SourceConfig,
  validateProps,
} from "../config/mod.ts";
import { inlineHost, type SourceFailure, type SourceHost } from "../contract/mod.ts";
import { fail, type KuiperError, type Logger } from "../core/mod.ts";
import {
  describeGrant,
  type Grant as IsolateGrant,
  loadLinked,
  type ResolvedType,
  resolveType,
  type SourceFolder,
  startIsolate,
  typeKey,
  withinOwn,
  type WorkerHost,
} from "../loader/mod.ts";
import { BUILTIN_SOURCES } from "../source/mod.ts";
import type { CreateStream } from "../sql/mod.ts";
import { maskedError } from "./masking.ts";
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

/** A source, found and configured, but not started. */
export interface PreparedSource {
  readonly resolved: ResolvedType;
  readonly config: SourceConfig;
  readonly common: CommonFields;
  readonly props: Record<string, unknown>;
  /** For people. */
  readonly isolation: "inline" | "worker";
  readonly grant: string;
  /** Open what runs one instance. */
  openHost(instanceId: number): Promise<SourceHost>;
  /** Load a plugin alone; `undefined` for a built-in. */
  loadPlugin(): Promise<WorkerHost | undefined>;
  /** The sentence for a failure. */
  explain(failure: SourceFailure, stream: string): KuiperError;
}

/** Finds, configures and opens sources. Owns the isolates that several streams share. */
export class Sources implements AsyncDisposable {
  readonly #input: ConfigInput;
  readonly #config: KuiperConfig;
  readonly #log: Logger;
  readonly #shared = new Map<string, SharedHost>();

  constructor(input: ConfigInput, config: KuiperConfig, log: Logger) {
    this.#input = input;
    this.#config = config;
    this.#log = log;
  }

  /** Where a TYPE comes from. @throws KuiperError `not_found` with the nearest names and where it looked. */
  async find(type: string, file?: string): Promise<ResolvedType> {
    return await resolveType(type, {
      folders: file === undefined ? this.#folders() : [this.#folderOf(file)],
      builtins: Object.keys(BUILTIN_SOURCES),
    });
  }

  /** Find and configure the source of a stream. */
  async prepare(definition: CreateStream): Promise<PreparedSource> {
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
        openHost: () => Promise.resolve(inlineHost(BUILTIN_SOURCES[resolved.type]!)),
        loadPlugin: () => Promise.resolve(undefined),
        explain,
      };
    }
    const permissions = await this.#grantOf(resolved.type, config);
    const load = () => this.#load(resolved, { config, permissions });
    return {
      ...common,
      isolation: "worker",
      grant: describeGrant(permissions),
      openHost: this.#opener(resolved.path, load),
      loadPlugin: load,
      explain,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of [...this.#shared.values()]) await host.end();
  }

  // -- Isolates --

  /** A class or function gets an isolate for every instance; an object has one for all of its streams. */
  #opener(path: string, load: () => Promise<WorkerHost>): PreparedSource["openHost"] {
    let first: Promise<SharedHost | WorkerHost> | undefined;
    return async () => {
      const running = this.#shared.get(path);
      if (running !== undefined) return running.share();
      if (first === undefined) {
        first = load().then((host) => this.#shareObject(path, host));
        const host = await first;
        return host instanceof SharedHost ? host.share() : host;
      }
      const known = await first;
      return known instanceof SharedHost ? known.share() : await load();
    };
  }

  #shareObject(path: string, host: WorkerHost): SharedHost | WorkerHost {
    if (host.info.kind !== "object") return host;
    const shared = new SharedHost(host, () => this.#shared.delete(path));
    this.#shared.set(path, shared);
    return shared;
  }

  async #load(
    resolved: ResolvedType & { kind: "file" },
    { config, permissions }: { config: SourceConfig; permissions: IsolateGrant },
  ): Promise<WorkerHost> {
    const { type } = resolved;
    // The Worker starts while the module is being linked: each takes about 20 ms.
    const isolate = startIsolate({ type, permissions, log: this.#log.child(type) });
    let host: WorkerHost;
    try {
      const linked = await loadLinked({
        entry: resolved.path,
        display: resolved.display,
        cacheDir: join(this.#input.paths.data, "modules"),
        log: this.#log,
      });
      host = await isolate.load(linked);
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
    return host;
  }

  // -- Grants --

  async #grantOf(type: string, config: SourceConfig): Promise<IsolateGrant> {
    const plugins = await loadPluginsConfig({
      ...this.#input,
      allowUnsafe: this.#config.plugins.allowUnsafe,
      type,
    });
    for (const warning of plugins.warnings) this.#log.warn(warning);
    const granted = isolateGrant(
      resolveGrant(plugins.grantFor(type), {
        type,
        props: config.operatorProps,
        base: this.#input.paths.base,
      }),
    );
    withinOwn(granted, `source "${type}"`);
    return granted;
  }

  // -- Places --

  #folders(): SourceFolder[] {
    const own = join(this.#input.paths.plugins, "sources");
    const embedded = fromFileUrl(new URL("../../plugins/sources/", import.meta.url));
    const folders = [{ path: own, display: showPath(this.#input.paths, own) }];
    // Run from the source tree with the tree as its base, both are one.
    if (resolve(embedded) !== resolve(own)) {
      folders.push({ path: embedded, display: "built-in plugins/sources" });
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
