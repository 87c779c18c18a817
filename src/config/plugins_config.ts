import { join } from "@std/path";
import { showPath } from "./base_dir.ts";
import { bothCases } from "./source_file.ts";
import { type EtcFile, readBuiltIn, readEtcFile, readOwnEtcFile } from "./config_files.ts";
import type { ConfigInput } from "./config_input.ts";
import { type Document, openDocument } from "./document.ts";
import {
  addFindings,
  errorAt,
  type Finding,
  formatFinding,
  refuseErrors,
  warningAt,
} from "./finding.ts";
import { type Grant, GRANT_KINDS, type GrantValue, noGrant } from "./grant.ts";
import { interpolate } from "./interpolate.ts";
import { noEntry, type PluginEntry, type PluginOf, toEntry } from "./plugin_entry.ts";
import { PLUGINS_SCHEMA } from "./plugins_schema.ts";
import { urlProblem } from "./plugin_url.ts";
import type { Where } from "./where.ts";
import { isFinding, isSection, parseYaml, type Section } from "./yaml_file.ts";

/** What Deno takes for a host; it says so of another only when the isolate starts. */
const HOST = /^(?:\[[\da-f:.]+\]|(?:\*\.)?[\w.-]+)(?::\d{1,5})?$/i;
/** Stands for a host or a port that is known when the source is configured. */
const REFERENCE = /\$\{[^}]*\}/g;

/** `etc/plugins.yaml`, complete and checked. */
export interface PluginsConfig {
  /** The types that have an entry, as it spells them. */
  readonly types: readonly string[];
  /** Sentences that do not refuse anything. */
  readonly warnings: readonly string[];
  /** What plugins of this type may do, before `resolveGrant`: nothing when there is no entry. */
  grantFor(type: string): Grant;
  /** The rest of what is said of this type; the defaults when there is no entry. */
  entryFor(type: string): PluginEntry;
}

/** What {@link loadPluginsConfig} needs to know of `etc/kuiper.yaml`. */
export interface PluginsInput extends ConfigInput {
  readonly allowUnsafe: boolean;
  /** The one type that will be asked for: the built-in file is then parsed only if it has an entry for it. */
  readonly type?: string;
}

/**
 * Read `etc/plugins.yaml`. The environment overrides nothing in it: a grant stands where it can be read.
 *
 * @throws KuiperError `config` when something is wrong with it; {@link checkPluginsConfig} lists everything.
 */
export async function loadPluginsConfig(input: PluginsInput): Promise<PluginsConfig> {
  const { entries, document, findings } = await examine(input);
  refuseErrors(findings);
  // Where an entry would have to be written, also when the built-in file was read.
  const missing = { file: showPath(input.paths, join(input.paths.etc, "plugins.yaml")) };
  const nameOf = (type: string) => bothCases(type).find((one) => Object.hasOwn(entries, one));
  const placeOf = (name: string) => document.where.locate(["plugins", name], "key");
  return {
    types: Object.keys(entries),
    warnings: findings.map(formatFinding),
    grantFor(type) {
      const name = nameOf(type);
      if (name === undefined) return noGrant(missing);
      return toGrant(entries[name] as Section, placeOf(name));
    },
    entryFor(type) {
      const name = nameOf(type);
      if (name === undefined) return noEntry(type, missing);
      return toEntry(name, entries[name] as Section, placeOf(name));
    },
  };
}

/** Everything that is wrong with `etc/plugins.yaml`. */
export async function checkPluginsConfig(input: PluginsInput): Promise<Finding[]> {
  return (await examine(input)).findings;
}

/** The same of a text that is to become the file. */
export async function checkPluginsText(text: string, input: PluginsInput): Promise<Finding[]> {
  const path = join(input.paths.etc, "plugins.yaml");
  const file = await parseYaml(text, { path, name: showPath(input.paths, path) });
  return (await examineFile({ file, builtIn: false }, input)).findings;
}

interface Examined {
  readonly entries: Section;
  readonly document: Document;
  readonly findings: Finding[];
}

async function examine(input: PluginsInput): Promise<Examined> {
  return await examineFile(await readFile(input), input);
}

async function examineFile(
  { file, builtIn }: EtcFile,
  input: PluginsInput,
): Promise<Examined> {
  const broken = file !== undefined && isFinding(file);
  const document = openDocument(broken ? undefined : file, {
    ...input,
    name: "etc/plugins.yaml",
    schema: PLUGINS_SCHEMA,
  });
  if (broken) return { entries: {}, document, findings: [file] };
  const { value, findings } = interpolate(document.value, {
    ...input,
    where: document.where,
    schema: PLUGINS_SCHEMA,
  });
  const entries = isSection(value["plugins"]) ? value["plugins"] : {};
  const examined = { entries, document, findings };
  if (builtIn) return examined;
  const { validateProps } = await import("./props_check.ts");
  addFindings(findings, validateProps(value, PLUGINS_SCHEMA, document.where));
  if (findings.length > 0) return examined;
  for (const type of Object.keys(entries)) findings.push(...checkEntry(type, examined, input));
  return examined;
}

async function readFile({ paths, type }: PluginsInput): Promise<EtcFile> {
  const name = "plugins.yaml";
  if (type === undefined) return await readEtcFile(paths, name);
  const own = await readOwnEtcFile(paths, name);
  if (own !== undefined) return { file: own, builtIn: false };
  // Loading the parser is a tenth of a start, and few types are the built-in ones.
  const text = await readBuiltIn(name);
  const mayHave = bothCases(type).some((one) => text.includes(`\n  ${one}:`));
  return mayHave ? await readEtcFile(paths, name) : { builtIn: true };
}

function checkEntry(
  type: string,
  { entries, document: { where } }: Examined,
  { allowUnsafe }: PluginsInput,
): Finding[] {
  const findings: Finding[] = [];
  const other = bothCases(type).find((one) => one !== type)!;
  if (Object.hasOwn(entries, other) && other < type) {
    const place = where.locate(["plugins", type], "key");
    findings.push(errorAt(place, `"${type}" and "${other}" are one type, remove one entry`));
  }
  const entry = entries[type] as Section;
  findings.push(
    ...checkUrl(type, entry, where),
    ...checkLimits(type, entry, where),
    ...checkRate(type, entry, where),
  );
  const permissions = (entry["permissions"] ?? {}) as Section;
  for (const kind of GRANT_KINDS) {
    const value = permissions[kind] as GrantValue | undefined;
    const path = ["plugins", type, "permissions", kind];
    const place = where.locate(path, "value");
    if (normal(value) === false) continue;
    if ((kind === "run" || kind === "ffi") && !allowUnsafe) {
      findings.push(errorAt(
        place,
        `"${kind}" lets "${type}" leave its sandbox: remove it, or set plugins.allowUnsafe to true ` +
          "in etc/kuiper.yaml",
      ));
    } else if (kind === "write" && value === true && !allowUnsafe) {
      findings.push(errorAt(
        place,
        `"write: true" lets "${type}" write over the configuration, the plugins and the program: list ` +
          `folders such as data/out/${type}, or set plugins.allowUnsafe to true in etc/kuiper.yaml`,
      ));
    } else if (value === true || isEverything(kind, value)) {
      findings.push(warningAt(place, `"${type}" is granted all of "${kind}", list what it needs`));
    }
    if (kind !== "net" || !Array.isArray(value)) continue;
    for (const [i, host] of value.entries()) {
      if (HOST.test(host.replace(REFERENCE, "1"))) continue;
      const message = `"${where.label([...path, i])}" is "${host}", expected a host, or a host ` +
        'and its port such as "example.org:443"';
      findings.push(errorAt(where.locate([...path, i], "value"), message));
    }
  }
  return findings;
}

/** Names of variables may end in `*`, which stands for the rest of the name. */
function isEverything(kind: string, value: GrantValue | undefined): boolean {
  return kind === "env" && Array.isArray(value) && value.includes("*");
}

function checkUrl(type: string, entry: Section, where: Where): Finding[] {
  const text = entry["url"];
  if (typeof text !== "string") return [];
  const place = where.locate(["plugins", type, "url"], "value");
  const problem = urlProblem(text);
  return problem === undefined ? [] : [errorAt(place, `the url of "${type}" ${problem}`)];
}

/** What only a process can be held to. */
function checkLimits(type: string, entry: Section, where: Where): Finding[] {
  const isolation = entry["isolation"] ?? (entry["url"] === undefined ? "worker" : "process");
  if (isolation === "process") return [];
  return ["limits", "restart"].filter((key) => Object.hasOwn(entry, key)).map((key) =>
    errorAt(
      where.locate(["plugins", type, key], "key"),
      `"${key}" of "${type}" needs a process of its own: add "isolation: process", or remove it`,
    )
  );
}

/** What has no tuples to be counted. Of a file its folder says what it is: it is refused when it is used. */
function checkRate(type: string, entry: Section, where: Where): Finding[] {
  const { limits, kind = "source" } = entry as { limits?: Section; kind?: PluginOf };
  if (limits?.["rate"] === undefined || kind === "source") return [];
  return [
    errorAt(where.locate(["plugins", type, "limits", "rate"], "key"), rateSentence(type, kind)),
  ];
}

/** Why "limits: {rate: …}" cannot stand in the entry of a sink or function. */
export function rateSentence(type: string, kind: PluginOf): string {
  return `"rate" counts the tuples of a source, and "${type}" is a ${kind}: remove it`;
}

function toGrant(entry: Section, place: Grant["place"]): Grant {
  const permissions = (entry["permissions"] ?? {}) as Partial<Record<string, GrantValue>>;
  const values = GRANT_KINDS.map((kind) => [kind, normal(permissions[kind])]);
  return { ...noGrant(place), ...Object.fromEntries(values), place };
}

/** An empty list grants nothing. */
function normal(value: GrantValue | undefined): GrantValue {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return false;
  return value;
}
