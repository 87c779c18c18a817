import { type ConfigInput, type KuiperConfig, type PluginEntry, showPath } from "../config/mod.ts";
import { type Logger } from "../core/mod.ts";
import {
  type LinkedPlugin,
  loadRemote,
  lockedHash,
  lockedPlugin,
  type Lockfile,
  ModuleCache,
  readLock,
  type RemoteLoadOptions,
} from "../loader/mod.ts";
import { linkedFolder } from "./linked_folder.ts";

/** Finds the approved code of plugins by URL: the lock, the cache and the network behind them. */
export class PluginCode {
  readonly cache: ModuleCache;
  readonly #input: ConfigInput;
  readonly #config: KuiperConfig;
  readonly #log: Logger;

  constructor(input: ConfigInput, { config, log }: { config: KuiperConfig; log: Logger }) {
    this.#input = input;
    this.#config = config;
    this.#log = log;
    this.cache = new ModuleCache({ folder: this.linkedFolder, log });
  }

  /** Where linked texts are kept, beside the modules. */
  get linkedFolder(): string {
    return linkedFolder(this.#input.paths);
  }

  /** Everything that is pinned. @throws KuiperError `config` when the file is broken or newer. */
  async lock(): Promise<Lockfile> {
    return await readLock(this.#input.paths.lock);
  }

  /** What is needed to fetch modules. */
  get network(): Pick<RemoteLoadOptions["network"] & object, "caFile" | "tokens"> {
    const { caFile, tokens } = this.#config.plugins;
    return { tokens, ...(caFile === undefined ? {} : { caFile }) };
  }

  /** `text` with `***` for every token; nothing else is hidden, so that it can be judged. */
  withoutTokens(text: string): string {
    return Object.values(this.#config.plugins.tokens)
      .reduce((rest, token) => token === "" ? rest : rest.replaceAll(token, "***"), text);
  }

  /** Origins that modules may come from beside their plugin's own. */
  get allowImport(): readonly string[] {
    return this.#config.plugins.allowImport;
  }

  /** How the approved code of an entry is found; a lock that is not given is read. */
  async options(entry: PluginEntry & { url: string }, lock?: Lockfile): Promise<RemoteLoadOptions> {
    return {
      name: entry.name,
      url: entry.url,
      lock: lock ?? await this.lock(),
      cache: this.cache,
      network: this.network,
      allowImport: this.allowImport,
      linkCacheDir: this.linkedFolder,
      log: this.#log,
    };
  }

  /** The approved code as its isolate takes it. @throws KuiperError `module` when none is approved, or it is lost. */
  async load(entry: PluginEntry & { url: string }): Promise<LinkedPlugin> {
    return await loadRemote(await this.options(entry));
  }

  /** The hash of the code that was approved for an entry; undefined when none was. */
  async approvedHash(entry: PluginEntry): Promise<string | undefined> {
    const locked = lockedPlugin(await this.lock(), entry.name);
    return locked === undefined ? undefined : await lockedHash(locked);
  }

  /** The lock's name for people. */
  get lockName(): string {
    return showPath(this.#input.paths, this.#input.paths.lock);
  }
}
