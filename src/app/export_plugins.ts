import { join } from "@std/path";
import { type PluginEntry, writtenLimits, writtenRestart, yamlLines } from "../config/mod.ts";
import { fail, type Logger, messageOf } from "../core/mod.ts";
import {
  EMPTY_LOCK,
  type FetchedGraph,
  type Grant,
  lockedOf,
  type Lockfile,
  ModuleCache,
  withPlugin,
  writeLock,
} from "../loader/mod.ts";
import { writtenGrant } from "./granted.ts";

/** A plugin to be carried. */
export interface ExportedPlugin {
  readonly entry: PluginEntry & { url: string };
  readonly grant: Grant;
  readonly graph: FetchedGraph;
}

/**
 * Write plugins to a new directory: `plugins.yaml` and `kuiper.lock` as a base directory has them, and `modules/`.
 *
 * @throws KuiperError `exists` when there is something already, `io` when it cannot be written; then nothing is left.
 */
export async function exportPlugins(
  dir: string,
  { plugins, log }: { plugins: readonly ExportedPlugin[]; log: Logger },
): Promise<void> {
  try {
    await Deno.mkdir(dir);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw fail("exists", `"${dir}" exists already, export to a new directory`, error);
    }
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw fail("io", `Cannot make the directory "${dir}": ${messageOf(error)}`, error);
  }
  try {
    const cache = new ModuleCache({ folder: join(dir, "modules"), log });
    let lock: Lockfile = EMPTY_LOCK;
    const entries: Record<string, Parameters<typeof yamlLines>[1]> = {};
    for (const { entry, grant, graph } of plugins) {
      for (const { bytes } of graph.modules) await cache.write(bytes);
      lock = withPlugin(lock, { name: entry.name, plugin: lockedOf(graph) });
      const [limits, restart] = [writtenLimits(entry.limits), writtenRestart(entry.restart)];
      entries[entry.name] = {
        url: graph.entry,
        ...(entry.of === "source" ? {} : { kind: entry.of }),
        permissions: writtenGrant(grant),
        isolation: entry.isolation,
        ...(limits === undefined ? {} : { limits }),
        ...(restart === undefined ? {} : { restart }),
      };
    }
    await Deno.writeTextFile(join(dir, "plugins.yaml"), yamlLines("plugins", entries));
    await writeLock(join(dir, "kuiper.lock"), lock);
  } catch (error) {
    await Deno.remove(dir, { recursive: true }).catch(() => {});
    throw error;
  }
}
