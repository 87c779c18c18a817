import { join, resolve } from "@std/path";
import {
  type BasePaths,
  checkPluginsText,
  type ConfigInput,
  editPluginEntry,
  type EntryChanges,
  loadPluginsConfig,
  type PluginEntry,
  type PluginOf,
  type PluginsEdit,
  refuseErrors,
  restartOf,
  writePlugins,
  writtenLimits,
  writtenRestart,
} from "../config/mod.ts";
import { fail, oneOf } from "../core/mod.ts";
import {
  checkSignature,
  describeGrant,
  type FetchedGraph,
  fetchGraph,
  type Grant,
  inspectLocked,
  lockedHash,
  lockedHashes,
  lockedOf,
  type LockedPlugin,
  lockedPlugin,
  type Lockfile,
  pinGraph,
  updateLock,
  withinOwn,
  withPlugin,
} from "../loader/mod.ts";
import {
  grantedOf,
  knownPart,
  listed,
  newGrant,
  sameGrant,
  without,
  writtenGrant,
} from "./granted.ts";
import { addressOf } from "./plugin_address.ts";
import { entryOf, PluginCatalog, type PluginsContext, unknownPlugin } from "./plugin_catalog.ts";
import { maskedError } from "./masking.ts";
import { hasUrl } from "./has_url.ts";
import { refuseLinksOut } from "./links_out.ts";
import { refuseOwnGrant } from "./own_grant.ts";
import { refuseUnreadFolders } from "./unread_folders.ts";
import { describeSigned, PluginCode } from "./plugin_code.ts";
import { changesOf } from "./plugin_changes.ts";
import { describeLimits, describeRestart } from "./provenance.ts";
import type { PluginProposal, ProposeOptions } from "./plugin_proposal.ts";

/** A plugin by URL as it would be pinned. */
interface Draft {
  readonly name: string;
  readonly of: PluginOf;
  readonly graph: FetchedGraph;
  readonly entry: PluginEntry | undefined;
  readonly grant: Grant;
  /** The grant that it has; absent when it has no entry. */
  readonly current: Grant | undefined;
  readonly isolation: "worker" | "process";
  /** What its process is held to, where that is not as its entry has it. */
  readonly limits?: PluginEntry["limits"];
  /** The same of how it is started again. */
  readonly restart?: PluginEntry["restart"];
  /** What was pinned when the proposal was made. */
  readonly before: string | undefined;
}

/** Looks at plugins by URL, and pins, changes, removes and carries them. */
export class Plugins {
  readonly #input: ConfigInput;
  readonly #context: PluginsContext;
  /** What there is. */
  readonly catalog: PluginCatalog;
  readonly #code: PluginCode;

  constructor(input: ConfigInput, context: PluginsContext) {
    this.#input = input;
    this.#context = context;
    this.catalog = new PluginCatalog(input, context);
    this.#code = this.catalog.code;
  }

  // -- Approving --

  /**
   * Fetch a plugin's code and say everything that an operator should know of it. Nothing is written.
   *
   * @throws KuiperError for a name that is taken or unknown, an address or code that cannot be used, and a grant that
   * this program could not give.
   */
  async propose(options: ProposeOptions): Promise<PluginProposal> {
    const { name, signal } = options;
    const plugins = await this.catalog.config();
    const entry = entryOf(plugins, name);
    const of = options.of ?? (entry !== undefined && hasUrl(entry) ? entry.of : "source");
    const { folders } = this.#context;
    const url = await addressOf({ ...options, of }, { entry, plugins, folders });
    const graph = await fetchGraph({
      ...this.#code.network,
      url,
      allowImport: this.#code.allowImport,
      signature: this.#code.looksForSignatures,
      log: this.#context.log,
      ...(signal === undefined ? {} : { signal }),
    }).catch((error) => {
      signal?.throwIfAborted();
      // A server may say the token that it was sent, in an address or in code that is quoted.
      throw maskedError(error, this.#input.secrets);
    });
    const asks = graph.manifest?.permissions ?? {};
    const current = entry === undefined ? undefined : grantedOf(plugins.grantFor(name));
    // What it asked for before and was not given was decided then.
    const before = entry === undefined ? undefined : await this.catalog.approved(entry.name);
    const fresh = without(asks, before?.manifest?.permissions ?? {});
    const grant = newGrant({ ...options, asks: fresh, current });
    const isolation = options.isolation ?? entry?.isolation ?? "process";
    const explicit = options.grant !== undefined || options.keepGrant === true;
    return await this.#proposal(
      { name: entry?.name ?? name, of, graph, entry, grant, current, isolation },
      { wider: explicit || current === undefined ? [] : listed(without(fresh, current)) },
    );
  }

  /** Say the same of every plugin that {@link Plugins.export} wrote to `dir`. */
  async proposeImport(dir: string): Promise<PluginProposal[]> {
    const folder = resolve(this.#input.paths.cwd, dir);
    const paths: BasePaths = {
      ...this.#input.paths,
      etc: folder,
      data: folder,
      lock: join(folder, "kuiper.lock"),
    };
    const input = { ...this.#input, paths };
    const from = new PluginCode(input, this.#context);
    const lock = await from.lock();
    const exported = await loadPluginsConfig({
      ...input,
      allowUnsafe: this.#context.config.plugins.allowUnsafe,
    });
    const names = Object.keys(lock.plugins);
    if (names.length === 0) {
      throw fail(
        "not_found",
        `"${dir}" holds no exported plugins, expected what "kuiper plugin export" wrote`,
      );
    }
    const here = await this.catalog.config();
    const { folders } = this.#context;
    const proposals: PluginProposal[] = [];
    for (const name of names) {
      const entry = entryOf(here, name);
      const theirs = exported.entryFor(name);
      const { url } = lock.plugins[name]!;
      const { of } = theirs;
      await addressOf({ name, of, url }, { entry, plugins: here, folders });
      const options = await from.options({ ...theirs, url }, lock);
      const { network: _none, linkCacheDir: _neither, ...offline } = options;
      const graph = await inspectLocked(offline);
      const grant = grantedOf(exported.grantFor(name));
      const current = entry === undefined ? undefined : grantedOf(here.grantFor(name));
      // What was held there is held here; what was not does not lift what this machine holds it to.
      const limits = writtenLimits(theirs.limits) === undefined
        ? {}
        : { limits: { ...entry?.limits, ...theirs.limits } };
      const again = writtenRestart(theirs.restart) === undefined ? {} : { restart: theirs.restart };
      const { isolation } = theirs;
      const draft = { name, of, graph, entry, grant, current, isolation, ...limits, ...again };
      const wider = current === undefined ? [] : listed(without(grant, current));
      proposals.push(await this.#proposal(draft, { wider }));
    }
    return proposals;
  }

  async #proposal(
    draft: Omit<Draft, "before">,
    { wider }: { wider: string[] },
  ): Promise<PluginProposal> {
    const { name, graph, entry, grant, current, isolation } = draft;
    const known = knownPart(grant, this.#input.paths.base);
    const owner = `plugin "${name}"`;
    withinOwn(known, owner);
    const { paths } = this.#input;
    await refuseOwnGrant(known, { paths, owner, name });
    await refuseUnreadFolders(known, { paths, owner, name });
    // What was not looked at is said at its start, and of what may only be read its entry has a word to say.
    await refuseLinksOut(known, { paths, owner, name, outsideLinks: "ignore" });
    await this.#edit(draft);
    const { trust, looksForSignatures: looks } = this.#code;
    const signature = describeSigned(
      await checkSignature(lockedOf(graph), { name, trust }),
      { looks },
    );
    const lock = await this.#code.lock();
    const pinned = lockedPlugin(lock, name);
    const before = pinned === undefined ? undefined : await lockedHash(pinned);
    const own = new URL(graph.entry).origin;
    const changes = pinned === undefined ? undefined : await changesOf(
      { pinned, graph },
      {
        cache: this.#code.cache,
        signature: {
          before: await this.#code.describeSignature(name),
          after: signature,
        },
        old: () => this.catalog.approved(name),
        grant,
        current,
        isolation,
        limits: draft.limits,
        restart: draft.restart,
        of: draft.of,
        entry,
        mask: (text) => this.#code.withoutTokens(text),
      },
    );
    return {
      name,
      of: draft.of,
      url: graph.entry,
      modules: graph.modules.map(({ url, bytes, sha256 }) => ({
        url,
        bytes: bytes.length,
        sha256,
      })),
      hash: graph.hash,
      ...(graph.manifest === undefined ? {} : { manifest: graph.manifest }),
      nodeModules: graph.nodeModules,
      origins: graph.origins.filter((origin) => origin !== own),
      asks: describeGrant(graph.manifest?.permissions ?? {}),
      grant: describeGrant(grant),
      isolation,
      signature,
      ...(draft.limits === undefined ? {} : { limits: describeLimits(draft.limits) }),
      ...(draft.restart === undefined
        ? {}
        : { restart: describeRestart(restartOf({ restart: draft.restart }, draft.of)) }),
      ...(changes === undefined ? {} : { changes }),
      wider,
      approve: () => this.#approve({ ...draft, before }),
    };
  }

  /**
   * The entry as it would stand in etc/plugins.yaml.
   *
   * @throws KuiperError `config` when it would be wrong there, or the file cannot be edited.
   */
  async #edit(draft: Omit<Draft, "before">) {
    const { name, of, graph, entry, grant, current, isolation } = draft;
    const limits = draft.limits === undefined ? undefined : writtenLimits(draft.limits);
    const restart = draft.restart === undefined ? undefined : writtenRestart(draft.restart);
    const changes: EntryChanges = {
      ...(entry === undefined ? { url: graph.entry } : {}),
      ...(of === (entry?.of ?? "source") ? {} : { kind: of }),
      ...(sameGrant(grant, current) ? {} : { permissions: writtenGrant(grant) }),
      ...(isolation === (entry?.isolation ?? "process") ? {} : { isolation }),
      ...(limits === undefined ? {} : { limits }),
      ...(restart === undefined ? {} : { restart }),
    };
    const edit = await editPluginEntry(this.#input.paths, { entry: name, changes });
    refuseErrors(
      await checkPluginsText(edit.text, {
        ...this.#input,
        allowUnsafe: this.#context.config.plugins.allowUnsafe,
      }),
    );
    return edit;
  }

  async #approve(draft: Draft): Promise<void> {
    const { name, graph, before } = draft;
    await this.#write(await this.#edit(draft), {
      name,
      pin: async (lock) => {
        const now = lockedPlugin(lock, name);
        if ((now === undefined ? undefined : await lockedHash(now)) !== before) {
          throw fail("busy", `Plugin "${name}" was pinned by somebody else meanwhile, look again`);
        }
        return await pinGraph(graph, this.#code.cache);
      },
    });
  }

  /**
   * Write entry and lock, and keep the modules that are pinned then: all of it, or nothing.
   *
   * @param options.pin what the lock is to have of the plugin.
   */
  async #write(
    edit: PluginsEdit,
    { name, pin }: { name: string; pin(lock: Lockfile): Promise<LockedPlugin | undefined> },
  ): Promise<void> {
    const { paths } = this.#input;
    let undo: (() => Promise<void>) | undefined;
    try {
      await updateLock(paths.lock, {
        scratch: paths.data,
        written: (lock) => this.#code.cache.prune(lockedHashes(lock)),
        change: async (lock) => {
          const plugin = await pin(lock);
          await writePlugins(paths, edit);
          undo = () => undoWrite(edit);
          return withPlugin(lock, { name, plugin });
        },
      });
    } catch (error) {
      await undo?.();
      throw error;
    }
  }

  // -- Removing and carrying --

  /**
   * Forget a plugin by URL.
   *
   * @returns a sentence for each stored stream or rule that cannot be read: it does not stand in the way.
   * @throws KuiperError `exists` while a stored stream or rule uses it.
   */
  async remove(name: string): Promise<string[]> {
    const plugins = await this.catalog.config();
    const entry = entryOf(plugins, name);
    if (entry === undefined || !hasUrl(entry)) throw unknownPlugin(name, plugins);
    const { names: users, unreadable } = await this.#context.usersOf(name, entry.of);
    if (users.length > 0) {
      const what = entry.of === "source" ? "stream" : "rule";
      throw fail(
        "exists",
        `Plugin "${name}" is used by ${users.length === 1 ? what : `the ${what}s`} ${
          oneOf(users, "and")
        }: drop ${users.length === 1 ? "it" : "them"} first`,
      );
    }
    const edit = await editPluginEntry(this.#input.paths, { entry: entry.name });
    await this.#write(edit, { name: entry.name, pin: () => Promise.resolve(undefined) });
    return unreadable;
  }

  /**
   * Write pinned plugins with their modules and grants to a directory that does not exist yet.
   *
   * @param names of all when there are none.
   * @returns the names.
   */
  async export(dir: string, names?: readonly string[]): Promise<string[]> {
    const plugins = await this.catalog.config();
    const lock = await this.#code.lock();
    const urls = plugins.types.filter((name) => hasUrl(plugins.entryFor(name)));
    const chosen = (names ?? urls).map((name) => {
      const entry = entryOf(plugins, name);
      if (entry === undefined || !hasUrl(entry)) throw unknownPlugin(name, plugins);
      return entry;
    });
    if (chosen.length === 0) {
      throw fail("not_found", 'There is no plugin by URL to export, "kuiper plugin add" makes one');
    }
    const { exportPlugins } = await import("./export_plugins.ts");
    await exportPlugins(resolve(this.#input.paths.cwd, dir), {
      plugins: await Promise.all(chosen.map(async (entry) => ({
        entry,
        grant: grantedOf(plugins.grantFor(entry.name)),
        graph: await inspectLocked(await this.#code.options(entry, lock)),
      }))),
      log: this.#context.log,
    });
    return chosen.map(({ name }) => name);
  }
}

async function undoWrite({ path, before }: { path: string; before: string | undefined }) {
  if (before === undefined) await Deno.remove(path);
  else await Deno.writeTextFile(path, before);
}
