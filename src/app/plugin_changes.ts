import { type PluginEntry, type PluginOf, restartOf } from "../config/mod.ts";
import {
  describeGrant,
  type FetchedGraph,
  type Grant,
  type LockedPlugin,
  type ModuleCache,
} from "../loader/mod.ts";
import type { ProposedChanges } from "./plugin_proposal.ts";
import { describeLimits, describeRestart } from "./provenance.ts";
import { unifiedDiff } from "./unified_diff.ts";

/** Where {@link changesOf} finds what was. */
export interface ChangesContext {
  readonly cache: ModuleCache;
  /** Whether and by whom it was signed, and is, for people. */
  readonly signature: { readonly before: string; readonly after: string };
  /** The approved code, as far as it is still there. */
  old(): Promise<FetchedGraph | undefined>;
  readonly grant: Grant;
  /** The grant that it has. */
  readonly current: Grant | undefined;
  readonly isolation: PluginEntry["isolation"];
  /** What its process would be held to, where that is not as the entry has it. */
  readonly limits: PluginEntry["limits"] | undefined;
  /** The same of how it would be started again. */
  readonly restart: PluginEntry["restart"] | undefined;
  readonly of: PluginOf;
  /** What etc/plugins.yaml has of it; undefined when only its code is still pinned. */
  readonly entry: PluginEntry | undefined;
  /** Hides in what is shown what a server was sent and says again. */
  mask(text: string): string;
}

/** What is different between the pinned code of a plugin and what was fetched now. */
export async function changesOf(
  { pinned, graph }: { pinned: LockedPlugin; graph: FetchedGraph },
  context: ChangesContext,
): Promise<ProposedChanges> {
  const modules: ProposedChanges["modules"][number][] = [];
  const fresh = new Map(graph.modules.map((module) => [module.url, module]));
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const oldText = async (sha256: string) => {
    const bytes = await context.cache.read(sha256);
    return typeof bytes === "string" ? undefined : text(bytes);
  };
  for (const [url, { sha256 }] of Object.entries(pinned.modules)) {
    const now = fresh.get(url);
    if (now?.sha256 === sha256) continue;
    const before = await oldText(sha256);
    const after = now === undefined ? "" : text(now.bytes);
    const names = { before: url, after: now === undefined ? "/dev/null" : url };
    modules.push({
      kind: now === undefined ? "removed" : "changed",
      url,
      ...(before === undefined ? {} : { diff: context.mask(unifiedDiff(before, after, names)) }),
    });
  }
  for (const { url, bytes } of graph.modules) {
    if (Object.hasOwn(pinned.modules, url)) continue;
    const diff = context.mask(unifiedDiff("", text(bytes), { before: "/dev/null", after: url }));
    modules.push({ kind: "added", url, diff });
  }
  return { modules, facts: await changedFacts(graph, context) };
}

async function changedFacts(
  graph: FetchedGraph,
  context: ChangesContext,
): Promise<ProposedChanges["facts"]> {
  const { old, grant, current, isolation, limits, restart, of, signature, entry, mask } = context;
  const before = await old();
  const pairs: [string, string, string][] = [];
  if (before !== undefined) {
    const names = ["version", "description", "licence"] as const;
    for (const name of names) {
      pairs.push([name, before.manifest?.[name] ?? "none", graph.manifest?.[name] ?? "none"]);
    }
    const properties = (one: FetchedGraph) => JSON.stringify(one.manifest?.properties ?? "none");
    pairs.push(["properties", properties(before), properties(graph)]);
    const asks = (one: FetchedGraph) => describeGrant(one.manifest?.permissions ?? {});
    pairs.push(["asks for", asks(before), asks(graph)]);
    const list = (items: readonly string[]) => items.length === 0 ? "none" : items.join(", ");
    pairs.push(["node modules", list(before.nodeModules), list(graph.nodeModules)]);
    pairs.push(["origins", list(before.origins), list(graph.origins)]);
  }
  pairs.push([
    "grant",
    current === undefined ? "none" : describeGrant(current),
    describeGrant(grant),
  ]);
  pairs.push(["signature", signature.before, signature.after]);
  // Without its entry no TYPE has that name, whatever is pinned.
  pairs.push(["entry", entry === undefined ? "none" : graph.entry, graph.entry]);
  if (entry !== undefined) {
    pairs.push(["isolation", entry.isolation, isolation]);
    if (limits !== undefined) {
      pairs.push(["limits", describeLimits(entry.limits), describeLimits(limits)]);
    }
    if (restart !== undefined) {
      const describe = (one: Pick<PluginEntry, "restart">) => describeRestart(restartOf(one, of));
      pairs.push(["restart", describe(entry), describe({ restart })]);
    }
  }
  return pairs.filter(([, was, is]) => was !== is)
    .map(([what, before, after]) => ({
      what,
      before: mask(before),
      after: mask(after),
    }));
}
