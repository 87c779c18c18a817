import { join } from "@std/path";
import {
  type ConfigInput,
  formatFinding,
  type Grant,
  type KuiperConfig,
  loadPluginsConfig,
  type PluginEntry,
  type PluginOf,
  type PluginsConfig,
  resolveGrant,
  type SourceConfig,
  warningAt,
} from "../config/mod.ts";
import { fail, type Logger } from "../core/mod.ts";
import { type Grant as IsolateGrant, withinOwn } from "../loader/mod.ts";
import { fileStamp } from "./file_stamp.ts";
import { refuseLinksOut } from "./links_out.ts";
import { misplacedRate } from "./misplaced_rate.ts";
import { refuseOwnGrant, secretsGranted } from "./own_grant.ts";
import { refuseUnreadFolders } from "./unread_folders.ts";
import type { FoundPlugin } from "./plugin_finder.ts";

/** How a sink or function is held. */
export interface Hold {
  readonly permissions: IsolateGrant;
  /** Its entry in etc/plugins.yaml, or what holds without one. */
  readonly entry: PluginEntry;
}

/** What etc/plugins.yaml says of plugins, and so what each is granted. */
export class PluginSettings {
  readonly #input: ConfigInput;
  readonly #config: KuiperConfig;
  readonly #log: Logger;
  /** Of the file that was read. */
  #stamp = "";
  readonly #read = new Map<string, Promise<PluginsConfig>>();
  /** What was warned of grants: each stream would say it again. */
  readonly #told = new Set<string>();

  constructor(input: ConfigInput, { config, log }: { config: KuiperConfig; log: Logger }) {
    this.#input = input;
    this.#config = config;
    this.#log = log;
  }

  /**
   * The file, as a plugin of this name needs it. It is read again when it has changed, for what starts then: what runs
   * keeps what it started with.
   *
   * @throws KuiperError `config` when something is wrong with it.
   */
  async read(type: string): Promise<PluginsConfig> {
    const stamp = await fileStamp(join(this.#input.paths.etc, "plugins.yaml"));
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#read.clear();
    }
    let plugins = this.#read.get(type);
    if (plugins === undefined) {
      plugins = loadPluginsConfig({
        ...this.#input,
        allowUnsafe: this.#config.plugins.allowUnsafe,
        type,
      }).then((plugins) => {
        for (const warning of plugins.warnings) this.#log.warn(warning);
        return plugins;
      });
      this.#read.set(type, plugins);
    }
    return await plugins;
  }

  /** What a plugin may do that starts now. @throws KuiperError `denied` for what is beyond the program's own. */
  async grantOf(
    type: string,
    config: Pick<SourceConfig, "operatorProps"> & {
      role?: PluginOf;
    },
  ): Promise<IsolateGrant> {
    const plugins = await this.read(type);
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
    const of = { paths: this.#input.paths, name: type, place: written.place };
    await refuseOwnGrant(granted, { ...of, owner });
    await refuseUnreadFolders(granted, { ...of, owner });
    const { outsideLinks } = plugins.entryFor(type);
    const unseen = await refuseLinksOut(granted, { ...of, owner, outsideLinks });
    const warnings = unseen.map((message) => warningAt(written.place, message));
    for (const warning of [...await secretsGranted(granted, of), ...warnings]) {
      const text = formatFinding(warning);
      if (!this.#told.has(text)) this.#log.warn(text);
      this.#told.add(text);
    }
    return granted;
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
    const permissions = await this.grantOf(type, { role, operatorProps });
    const entry = found.kind === "url" ? found.entry : (await this.read(type)).entryFor(type);
    const problem = misplacedRate(entry, role);
    if (problem !== undefined) throw fail("config", formatFinding(problem));
    return { permissions, entry };
  }
}

/** The grant without the kinds that it leaves out. */
function isolateGrant(grant: Grant): IsolateGrant {
  const { place: _, ...kinds } = grant;
  return Object.fromEntries(Object.entries(kinds).filter(([, value]) => value !== false));
}
