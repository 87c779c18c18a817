import { byteCount } from "./byte_count.ts";
import { columns, facts } from "./columns.ts";
import type { PluginProposal } from "./engine.ts";
import type { Style } from "./style.ts";
import { printable } from "./text_width.ts";

/** Characters of a hash that are shown. */
const SHORT = 12;

/** The beginning of a hash, for people. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHORT);
}

/** All modules with their sizes and hashes, and the sum. */
export function modulesTable(
  { modules, hash }: Pick<PluginProposal, "modules"> & { hash?: string | undefined },
  style: Style,
): string {
  const rows = modules.map(({ url, bytes, sha256 }) => [url, byteCount(bytes), shortHash(sha256)]);
  const total = modules.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = modules.length === 1 ? "1 module" : `${modules.length} modules`;
  const last = [count, byteCount(total), hash === undefined ? "" : shortHash(hash)];
  return columns(["module", "size", "sha256"], [...rows, last], { style, right: [1] });
}

/** Everything that an operator should know before approving. */
export function proposalText(proposal: PluginProposal, style: Style): string {
  const { manifest, nodeModules, origins, changes } = proposal;
  const about = facts([
    ["plugin", proposal.name],
    ["kind", proposal.of],
    ["url", proposal.url],
    ["signature", proposal.signature],
    ["version", manifest?.version],
    ["description", manifest?.description],
    ["licence", manifest?.licence],
    ["properties", propertiesText(manifest?.properties)],
    ["also from", origins.length === 0 ? undefined : origins.join(", ")],
    ["node modules", nodeModules.length === 0 ? undefined : nodeModules.join(", ")],
    ["asks for", proposal.asks],
    ["grant", proposal.grant],
    ["isolation", proposal.isolation],
    ["limits", proposal.limits],
    ["restart", proposal.restart],
  ], style);
  const table = changes === undefined
    ? modulesTable(proposal, style)
    : changesText(proposal, style);
  return `${table}\n${about}`;
}

/** Whether this is what was approved before. */
export function isUnchanged({ changes }: Pick<PluginProposal, "changes">): boolean {
  return changes !== undefined && changes.modules.length === 0 && changes.facts.length === 0;
}

/** The names of the properties that a manifest's schema knows. */
function propertiesText(schema: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const properties = schema?.["properties"];
  if (typeof properties !== "object" || properties === null) return undefined;
  return Object.keys(properties).join(", ");
}

function changesText(proposal: PluginProposal, style: Style): string {
  const { changes, modules, hash } = proposal;
  const { modules: changed = [], facts: others = [] } = changes ?? {};
  if (isUnchanged(proposal)) {
    return `nothing changed: ${modules.length} ${modules.length === 1 ? "module" : "modules"}, ${
      shortHash(hash)
    }\n`;
  }
  const count = (kind: string) => changed.filter((one) => one.kind === kind).length;
  const summary = `modules: ${count("changed")} changed, ${count("added")} added, ${
    count("removed")
  } removed\n`;
  const mark = { added: style.green("added  "), removed: style.red("removed"), changed: "changed" };
  const list = changed.map(({ kind, url }) => `  ${mark[kind]}  ${printable(url)}\n`).join("");
  const lines = others.map(({ what, before, after }) =>
    `${what}: ${printable(before)} → ${printable(after)}\n`
  ).join("");
  const diffs = changed.map(({ diff, url }) =>
    diff === undefined
      ? `${printable(url)}: the old code is not in the cache, there is nothing to compare with\n`
      : diffText(diff, style)
  ).join("");
  return `${summary}${list}${lines}${diffs === "" ? "" : "\n"}${diffs}`;
}

function diffText(diff: string, style: Style): string {
  const paint = (line: string) => {
    // A tab may stand in code; anything else that steers a terminal is shown as an escape.
    const text = line.split("\t").map(printable).join("\t");
    if (/^(---|\+\+\+) /.test(line)) return style.bold(text);
    if (line.startsWith("+")) return style.green(text);
    if (line.startsWith("-")) return style.red(text);
    return line.startsWith("@@") ? style.dim(text) : text;
  };
  return diff.replace(/\n$/, "").split("\n").map((line) => `${paint(line)}\n`).join("");
}
