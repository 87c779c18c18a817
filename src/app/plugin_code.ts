import { type ConfigInput, type KuiperConfig, type PluginEntry, showPath } from "../config/mod.ts";
import { type Logger, messageOf } from "../core/mod.ts";
import {
  checkSignature,
  type LinkedPlugin,
  loadRemote,
  lockedHash,
  lockedPlugin,
  type Lockfile,
  ModuleCache,
  readLock,
  type RemoteLoadOptions,
  type Signed,
  signerOf,
  type Trust,
} from "../loader/mod.ts";
import { linkedFolder } from "./linked_folder.ts";

/** Whether and by whom code is signed, for people. */
export function describeSigned(signed: Signed, { looks }: { looks: boolean }): string {
  switch (signed.kind) {
    case "trusted":
      return `by "${signed.name}"`;
    case "unknown":
      return `by a key that is not trusted, ${signed.key}`;
    case "unsigned":
      return looks ? "none: it is not signed" : "not looked for: plugins.trustedKeys is empty";
  }
}

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

  /** Whose signatures are trusted. */
  get trust(): Trust {
    const { trustedKeys: keys, requireSignature: required } = this.#config.plugins;
    return { keys, required };
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
      trust: this.trust,
      allowImport: this.allowImport,
      linkCacheDir: this.linkedFolder,
      log: this.#log,
    };
  }

  /** The approved code as its isolate takes it. @throws KuiperError `module` when none is approved, or it is lost. */
  async load(entry: PluginEntry & { url: string }): Promise<LinkedPlugin> {
    return await loadRemote(await this.options(entry));
  }

  /**
   * The hash of the code that was approved for an entry, and whose signature it has when that is somebody trusted.
   *
   * @throws KuiperError `denied` when its signature is wrong.
   */
  async approved({ name }: PluginEntry): Promise<{ hash?: string; signer?: string }> {
    const locked = lockedPlugin(await this.lock(), name);
    if (locked === undefined) return {};
    const signed = await checkSignature(locked, {
      name,
      trust: { ...this.trust, required: false },
    });
    return { hash: await lockedHash(locked), ...signerOf(signed) };
  }

  /** Whether plugins that are added or updated are looked at for a signature. */
  get looksForSignatures(): boolean {
    return Object.keys(this.trust.keys).length > 0;
  }

  /** Whether and by whom the approved code of a name is signed, for people. */
  async describeSignature(name: string): Promise<string> {
    const locked = lockedPlugin(await this.lock(), name);
    const looks = this.looksForSignatures;
    if (locked === undefined) return describeSigned({ kind: "unsigned" }, { looks });
    const trust = { ...this.trust, required: false };
    try {
      return describeSigned(await checkSignature(locked, { name, trust }), { looks });
    } catch (error) {
      return messageOf(error);
    }
  }

  /** The lock's name for people. */
  get lockName(): string {
    return showPath(this.#input.paths, this.#input.paths.lock);
  }
}
