import {
  checkConfig,
  type ConfigInput,
  type Finding,
  formatFinding,
  loadPluginsConfig,
  type PluginOf,
  type PluginsConfig,
} from "../config/mod.ts";
import { asKuiperError, KuiperError, messageOf } from "../core/mod.ts";
import { type CreateStream, isSqlError, parseStatements } from "../sql/mod.ts";
import { listTypes, typeKey } from "../loader/mod.ts";
import { grantedOf, knownPart } from "./granted.ts";
import { linkFindings } from "./links_out.ts";
import { misplacedRate } from "./misplaced_rate.ts";
import { ownGrantFindings } from "./own_grant.ts";
import { unreadFolderFindings } from "./unread_folders.ts";
import type { Sources } from "./sources.ts";

/** What to look at besides the configuration and the stored streams. */
export interface ValidateOptions {
  /** SQL text. */
  statements?: string;
  /** The file it is from, for the findings. */
  file?: string;
}

/** Where {@link validate} looks. */
export interface ValidateContext {
  input: ConfigInput;
  sources: Sources;
  /** What `sources` has warned of so far. */
  warned: readonly string[];
  stored(): Promise<readonly { name: string; statement: string }[]>;
}

/** Everything that is wrong, without running anything. */
export async function validate(
  { statements, file = "statements" }: ValidateOptions,
  { input, sources, warned, stored }: ValidateContext,
): Promise<Finding[]> {
  const findings = await checkConfig(input);
  findings.push(...await pluginProblems(input, sources));
  const texts = statements === undefined
    ? (await stored()).map(({ name, statement }) => ({
      where: `stream "${name}"`,
      text: statement,
    }))
    : [{ where: file, text: statements }];
  for (const { where, text } of texts) {
    let definitions: CreateStream[];
    try {
      definitions = parseStatements(text).filter((one) => one.kind === "create_stream");
    } catch (error) {
      findings.push(errorFinding(where, error));
      continue;
    }
    for (const definition of definitions) {
      const before = warned.length;
      const place = statements === undefined ? where : `${where}: stream "${definition.name}"`;
      try {
        await sources.prepare(definition);
      } catch (error) {
        // What is wrong with a file of etc/ was found already.
        if (
          !(error instanceof KuiperError &&
            findings.some((one) => error.message.includes(one.message)))
        ) {
          findings.push(errorFinding(place, error));
        }
      }
      const said = new Set(findings.map(formatFinding));
      for (const message of warned.slice(before)) {
        if (!said.has(message)) findings.push({ severity: "warning", where: place, message });
      }
    }
  }
  return findings;
}

/** What is wrong with entries of plugins, whether a stream uses them or not. */
async function pluginProblems(input: ConfigInput, sources: Sources): Promise<Finding[]> {
  let plugins: PluginsConfig;
  try {
    // What is wrong with the file itself was found before.
    plugins = await loadPluginsConfig({ ...input, allowUnsafe: true });
  } catch {
    return [];
  }
  return [...await grants(plugins, input), ...await misplacedRates(plugins, sources)];
}

/** Grants over what is the program's own, or with links that lead out, as far as they are known before a source is configured. */
async function grants(plugins: PluginsConfig, { paths }: ConfigInput): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of plugins.types) {
    const written = plugins.grantFor(name);
    const of = { paths, name: typeKey(name), place: written.place };
    const known = knownPart(grantedOf(written), paths.base);
    const { outsideLinks } = plugins.entryFor(name);
    findings.push(
      ...await ownGrantFindings(known, of),
      ...await unreadFolderFindings(known, of),
      ...await linkFindings(known, { ...of, outsideLinks }),
    );
  }
  return findings;
}

/** The entries of files that are no sources and limit a rate all the same. */
async function misplacedRates(plugins: PluginsConfig, sources: Sources): Promise<Finding[]> {
  const typesOf = async (of: PluginOf) =>
    (await listTypes(sources.finder.foldersOf(of))).map(({ type }) => type);
  const findings: Finding[] = [];
  const own = await typesOf("source");
  for (const role of ["sink", "function"] as const) {
    const types = await typesOf(role);
    for (const name of plugins.types) {
      if (!types.includes(typeKey(name)) || own.includes(typeKey(name))) continue;
      const problem = misplacedRate(plugins.entryFor(name), role);
      if (problem !== undefined) findings.push(problem);
    }
  }
  return findings;
}

function errorFinding(where: string, error: unknown): Finding {
  if (isSqlError(error)) {
    return {
      severity: "error",
      where: `${where}:${error.line}:${error.column}`,
      message: error.message,
    };
  }
  return { severity: "error", where, message: messageOf(asKuiperError(error)) };
}
