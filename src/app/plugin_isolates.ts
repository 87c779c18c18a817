import {
  type ConfigInput,
  type KuiperConfig,
  type PluginEntry,
  type PluginOf,
  refuseErrors,
  showPath,
  type SourceConfig,
} from "../config/mod.ts";
import type { SourceHost } from "../contract/mod.ts";
import type { Logger } from "../core/mod.ts";
import {
  type Denial,
  describeGrant,
  type Grant as IsolateGrant,
  type LinkedPlugin,
  loadLinked,
  type ProcessPool,
  type StartingIsolate,
  startIsolate,
  typeKey,
  type WorkerHost,
} from "../loader/mod.ts";
import type { DenialBook } from "./denial_book.ts";
import { linkedFolder } from "./linked_folder.ts";
import { maskedError } from "./masking.ts";
import type { PluginCode } from "./plugin_code.ts";
import { type FoundPlugin, isEmbedded } from "./plugin_finder.ts";
import { schemaOf } from "./plugin_schema.ts";
import type { Hold } from "./plugin_settings.ts";
import type { Code, ProvenanceRecord } from "./provenance.ts";
import { SharedHost } from "./shared_host.ts";

/** How the isolate of a sink or function is loaded. */
export interface Loading {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Hears which code of a plugin by URL runs, as its hash, and is waited for. */
  started?(hash: string): Promise<void>;
}

/** Hears which code of a plugin an isolate will run, or runs. */
export type OnCode = (code: Code) => Promise<void>;

/** A plugin that is loaded, and the code that it is. */
interface Loaded {
  readonly host: WorkerHost;
  readonly code: Code;
}

type Load = (signal?: AbortSignal, onCode?: OnCode) => Promise<Loaded>;

/** What the isolate of a source is opened with. */
export interface SourceHold extends Hold {
  readonly config: SourceConfig;
  /** Is told of each start. */
  readonly record: ProvenanceRecord;
}

/** Opens an instance of a source. */
export type OpenSource = (signal?: AbortSignal, onCode?: OnCode) => Promise<SourceHost>;

/** The isolates of plugins: their code is found and linked, and they are started and loaded. Owns those that are shared. */
export class PluginIsolates implements AsyncDisposable {
  readonly #input: ConfigInput;
  readonly #config: KuiperConfig;
  readonly #log: Logger;
  readonly #frozen: boolean;
  readonly #denied: DenialBook;
  readonly #shared = new Map<string, SharedHost>();
  // Loaded when the first plugin needs them: they are a fifth of the program, and a start is waited for.
  #processes: Promise<ProcessPool> | undefined;
  #code: Promise<PluginCode> | undefined;

  /**
   * @param options.denied counts what plugins are denied.
   * @param options.frozen run files only as `kuiper.lock` pins them.
   */
  constructor(
    input: ConfigInput,
    { config, log, denied, frozen }: {
      config: KuiperConfig;
      log: Logger;
      denied: DenialBook;
      frozen: boolean;
    },
  ) {
    this.#input = input;
    this.#config = config;
    this.#log = log;
    this.#frozen = frozen;
    this.#denied = denied;
  }

  /**
   * The code that is approved now of a plugin by URL; nothing of a file, and where none is.
   *
   * @throws KuiperError `denied` when its signature is wrong.
   */
  async approved(found: FoundPlugin): Promise<Partial<Code>> {
    return found.kind === "url" ? await (await this.#openCode()).approved(found.entry) : {};
  }

  /** Start the isolate of a sink or function and load it. */
  async open(
    found: FoundPlugin,
    { role, hold: { permissions, entry }, signal, started }: Loading & {
      readonly role: Exclude<PluginOf, "source">;
      readonly hold: Hold;
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

  // -- Sources --

  /** A class or function gets an isolate for every instance; an object has one for all of its streams. */
  opener(found: FoundPlugin, hold: SourceHold): OpenSource {
    const path = found.kind === "url" ? found.entry.name : found.path;
    const { record } = hold;
    const load: Load = (signal, onCode) => this.loadSource(found, hold, { signal, onCode });
    let first: Promise<SharedHost | WorkerHost> | undefined;
    const join = async (shared: SharedHost, onCode: OnCode | undefined) => {
      const hold = shared.share();
      record.started(shared);
      await onCode?.(shared.code);
      return hold;
    };
    const open: OpenSource = async (signal, onCode) => {
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

  /** Start the isolate of a source and load it. @throws KuiperError `config` for properties that it does not take. */
  async loadSource(
    resolved: FoundPlugin,
    { config, permissions, entry, record }: SourceHold,
    { signal, onCode }: { signal?: AbortSignal | undefined; onCode?: OnCode | undefined } = {},
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
    try {
      const schema = schemaOf(host, `source "${resolved.type}"`);
      if (schema !== undefined) {
        const { validateProps } = await import("../config/mod.ts");
        refuseErrors(validateProps(config.props, schema, config.where));
      }
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
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
    const mask = (text: string) => this.#input.secrets.mask(text);
    if (entry.isolation === "worker") {
      return startIsolate({ type, role, permissions, log, mask, onDenied });
    }
    this.#processes ??= import("./process_pool.ts").then(({ ProcessPool }) => new ProcessPool());
    const { processWrapper: wrapper } = this.#config.plugins;
    return (await this.#processes).start({
      type,
      role,
      permissions,
      log,
      mask,
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
    if (this.#frozen && !isEmbedded(resolved.folder)) {
      const { lock: path } = this.#input.paths;
      const { refuseUnpinned } = await import("./frozen.ts");
      const lockName = showPath(this.#input.paths, path);
      await refuseUnpinned(linked, { type: resolved.type, of, path, lockName });
    }
    return linked;
  }
}
