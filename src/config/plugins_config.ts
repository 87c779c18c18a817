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
import { PLUGINS_SCHEMA } from "./plugins_schema.ts";
import { validateProps } from "./props_check.ts";
import { isFinding, isSection, type Section } from "./yaml_file.ts";

/** `etc/plugins.yaml`, complete and checked. */
export interface PluginsConfig {
  /** The types that have an entry, as it spells them. */
  readonly types: readonly string[];
  /** Sentences that do not refuse anything. */
  readonly warnings: readonly string[];
  /** What plugins of this type may do, before `resolveGrant`: nothing when there is no entry. */
  grantFor(type: string): Grant;
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
  return {
    types: Object.keys(entries),
    warnings: findings.map(formatFinding),
    grantFor(type) {
      const [lower, upper] = bothCases(type);
      const name = [lower, upper].find((one) => Object.hasOwn(entries, one));
      // Where an entry would have to be written, also when the built-in file was read.
      if (name === undefined) {
        return noGrant({ file: showPath(input.paths, join(input.paths.etc, "plugins.yaml")) });
      }
      return toGrant(entries[name] as Section, document.where.locate(["plugins", name], "key"));
    },
  };
}

/** Everything that is wrong with `etc/plugins.yaml`. */
export async function checkPluginsConfig(input: PluginsInput): Promise<Finding[]> {
  return (await examine(input)).findings;
}

interface Examined {
  readonly entries: Section;
  readonly document: Document;
  readonly findings: Finding[];
}

async function examine(input: PluginsInput): Promise<Examined> {
  const { file, builtIn } = await readFile(input);
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
  findings.push(...unknownYet(examined));
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

/** What a later version will read gets a sentence of its own. */
function unknownYet({ entries, document: { where } }: Examined): Finding[] {
  const findings: Finding[] = [];
  for (const [type, entry] of Object.entries(entries)) {
    if (!isSection(entry)) continue;
    const path = ["plugins", type];
    if (Object.hasOwn(entry, "url")) {
      const message = `sources by URL are not in this version: put the module of "${type}" into ` +
        "plugins/sources and remove the key";
      findings.push(errorAt(where.locate([...path, "url"], "key"), message));
    }
    if (entry["isolation"] === "process") {
      const message = `isolation "process" is not in this version: write "worker" for "${type}"`;
      findings.push(errorAt(where.locate([...path, "isolation"], "value"), message));
    }
  }
  return findings;
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
  const permissions = ((entries[type] as Section)["permissions"] ?? {}) as Section;
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
    } else if (value === true) {
      findings.push(warningAt(place, `"${type}" is granted all of "${kind}", list what it needs`));
    }
    if (kind !== "net" || !Array.isArray(value)) continue;
    for (const [i, host] of value.entries()) {
      if (!host.includes("/")) continue;
      const message = `"${where.label([...path, i])}" is "${host}", expected a host, or a host ` +
        'and its port such as "example.org:443"';
      findings.push(errorAt(where.locate([...path, i], "value"), message));
    }
  }
  return findings;
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
