import { fail, nearest, oneOf, parseDuration, type SinkCommon } from "../core/mod.ts";
import { showPath } from "./base_dir.ts";
import { readOwnEtcFile } from "./config_files.ts";
import type { ConfigInput } from "./config_input.ts";
import { openDocument } from "./document.ts";
import { addFindings, errorAt, type Finding, refuseErrors } from "./finding.ts";
import { interpolate } from "./interpolate.ts";
import { type Layer, layerOf, mergeLayers } from "./layers.ts";
import { movedSecret } from "./moved_secret.ts";
import { mentionsPasswordFile, readPasswordFiles } from "./password_file.ts";
import { validateProps } from "./props_check.ts";
import type { PropsSchema } from "./props_schema.ts";
import { isBuiltinSink, SINK_COMMON_SCHEMA, sinkSchema } from "./sink_schemas.ts";
import { bothCases } from "./source_file.ts";
import { below, joinPath } from "./where.ts";
import { isFinding, isSection, type Section } from "./yaml_file.ts";
import { join, resolve } from "@std/path";

/** What every sink has, as far as the configuration says it: what it leaves out is the rule's. */
export type SinkFields =
  & Omit<SinkCommon, "bufferLength" | "overflow">
  & Partial<Pick<SinkCommon, "bufferLength" | "overflow">>;

/** Which configuration is wanted. */
export interface SinkQuery extends ConfigInput {
  /** The type of the sink. */
  readonly type: string;
  /** What the rule says of it, `resourceId` too. */
  readonly props: Section;
  /** How messages call that: `rule "r1", actions[0].mqtt`. */
  readonly what: string;
}

/** The configuration of one sink. */
export interface SinkConfig {
  /** Everything, common fields too: what the sink's `configure` gets. */
  readonly props: Record<string, unknown>;
  readonly common: SinkFields;
  /** What etc/sinks alone says: the operator's, which a grant may name. */
  readonly operatorProps: Record<string, unknown>;
  /** The files of etc/sinks that it was read from: one, or none. */
  readonly files: readonly string[];
  /** Look at the properties that are the sink's own, as its manifest describes them. */
  check(schema: PropsSchema): Promise<Finding[]>;
}

/** Properties that are paths, relative to the base directory. */
const PATHS: readonly string[] = [
  ..."path certificationPath privateKeyPath rootCaPath".split(" "),
];

/**
 * The properties of a sink: the `default` section of `etc/sinks/<type>.yaml` when there is such a file, the section
 * that `resourceId` names, and what the rule says.
 *
 * @throws KuiperError `config` for the first thing that is wrong.
 */
export async function loadSinkConfig(query: SinkQuery): Promise<SinkConfig> {
  const { type, props, what, secrets } = query;
  const { resourceId, ...own } = props;
  const place = { file: what };
  if (mentionsPasswordFile(own)) {
    throw fail(
      "config",
      `${what}: "passwordFile" reads a file of this machine, so it may stand only in etc/sinks/${type}.yaml: ` +
        "move it there and name its section with resourceId",
    );
  }
  const { layers: operator, read: readFiles } = await operatorLayers(query, resourceId);
  const schema = sinkSchema(type);
  const read = mergeLayers([...operator, layerOf({}, { locate: () => place, label: joinPath })]);
  const findings = [];
  const replaced = interpolate(read.props, { ...query, where: read.where, schema });
  const files = await readPasswordFiles(replaced.value, {
    base: query.paths.base,
    where: read.where,
  });
  findings.push(...replaced.findings, ...files.findings);
  refuseErrors(findings);
  refuseOtherAddress(own, { section: files.props, query });
  const merged = mergeLayers([
    layerOf(files.props, read.where),
    layerOf(own, { locate: () => place, label: joinPath, secrets }),
  ]);
  secrets.addKeysOf(merged.props);
  addFindings(findings, validateProps(merged.props, schema, merged.where));
  refuseErrors(findings);
  const resolved = { ...merged.props };
  for (const key of PATHS) {
    const value = resolved[key];
    if (typeof value === "string" && value !== "") resolved[key] = resolve(query.paths.base, value);
  }
  const common = new Set(Object.keys(SINK_COMMON_SCHEMA.properties));
  const ownProps = Object.fromEntries(
    Object.entries(merged.props).filter(([key]) => !common.has(key)),
  );
  return {
    props: resolved,
    common: fieldsOf(resolved),
    operatorProps: files.props,
    files: readFiles,
    check: async (schema) => await validateProps(ownProps, schema, merged.where),
  };
}

/** Everything that is wrong with `etc/sinks/<type>.yaml`, in any of its sections. */
export async function checkSinkConfig(
  input: ConfigInput & { readonly type: string },
): Promise<Finding[]> {
  const { type, paths } = input;
  const file = await readOwnEtcFile(paths, join("sinks", `${type}.yaml`));
  if (file === undefined) return [];
  if (isFinding(file)) return [file];
  const document = openDocument(file, documentOptions(input));
  const findings = [...document.findings];
  const schema = sinkSchema(type);
  for (const [section, content] of Object.entries(document.value)) {
    const where = below(document.where, [section]);
    if (!isSection(content)) {
      const message = `section "${section}" is no mapping of properties`;
      findings.push(errorAt(document.where.locate([section], "value"), message));
      continue;
    }
    const replaced = interpolate(content, { ...input, where, schema });
    findings.push(...replaced.findings);
    const { passwordFile: _, ...props } = replaced.value as Section;
    addFindings(findings, validateProps(props, schema, where));
  }
  return findings;
}

function documentOptions({ type, paths, env, secrets }: ConfigInput & { readonly type: string }) {
  return {
    env,
    secrets,
    name: showPath(paths, join(paths.etc, "sinks", `${type}.yaml`)),
    prefix: `${type}_SINK`,
    schema: { type: "object", additionalProperties: sinkSchema(type) },
  } as const;
}

/** What the operator wrote for this type, in `etc/sinks`. */
async function operatorLayers(
  query: SinkQuery,
  resourceId: unknown,
): Promise<{ layers: Layer[]; read: string[] }> {
  const { type, paths, what } = query;
  if (resourceId !== undefined && typeof resourceId !== "string") {
    throw fail(
      "config",
      `${what}: "resourceId" is no text: name a section of etc/sinks/${type}.yaml`,
    );
  }
  // The type came through a request: it is a name of a sink that was found, and no path.
  const [lower, upper] = bothCases(type).map((name) => join("sinks", `${name}.yaml`));
  const named = await readOwnEtcFile(paths, lower!);
  const file = named ?? await readOwnEtcFile(paths, upper!);
  if (file !== undefined && isFinding(file)) refuseErrors([file]);
  const path = named === undefined && file !== undefined ? upper! : lower!;
  const name = showPath(paths, join(paths.etc, path));
  const options = { ...documentOptions(query), name };
  const document = openDocument(
    file === undefined || isFinding(file) ? undefined : file,
    options,
  );
  refuseErrors(document.findings);
  const { value, where } = document;
  const sections = ["default", ...(resourceId === undefined ? [] : [resourceId])];
  const layers = sections.flatMap((section) => {
    const content = Object.hasOwn(value, section) ? value[section] : undefined;
    if (isSection(content)) return [layerOf(content, below(where, [section]))];
    if (section === "default") return [];
    const names = Object.keys(value);
    const [meant] = nearest(section, names, 1);
    const cure = meant !== undefined
      ? `did you mean "${meant}"?`
      : names.length === 0
      ? "write that file with such a section"
      : `there is ${oneOf(names, "and")}`;
    throw fail("config", `${what}: ${name} has no section "${section}" for resourceId, ${cure}`);
  });
  return { layers, read: file === undefined ? [] : [name] };
}

/** Who may write rules must not send the operator's secrets somewhere else. */
function refuseOtherAddress(
  own: Section,
  { section, query: { what, type, secrets } }: { section: Section; query: SinkQuery },
): void {
  const found = movedSecret(own, section, { builtin: isBuiltinSink(type), secrets });
  if (found === undefined) return;
  const { moved, secret, known } = found;
  throw fail(
    "config",
    `${what}: "${moved}" cannot be changed while "${secret}" comes from etc/sinks: it ${
      known ? "would" : "might"
    } be sent elsewhere; ` +
      `write "${secret}" in the rule too, or make a section with both there and name it with resourceId`,
  );
}

function fieldsOf(props: Readonly<Record<string, unknown>>): SinkFields {
  const schemas = SINK_COMMON_SCHEMA.properties;
  const of = <T>(name: keyof typeof schemas): T => {
    const schema = schemas[name];
    return (props[name] ?? ("default" in schema ? schema.default : undefined)) as T;
  };
  const bufferLength = of<number | undefined>("bufferLength");
  const overflow = of<SinkFields["overflow"]>("overflow");
  return {
    sendSingle: of("sendSingle"),
    fields: of("fields"),
    excludeFields: of("excludeFields"),
    dataField: of("dataField"),
    format: of("format"),
    delimiter: of("delimiter"),
    hasHeader: of("hasHeader"),
    omitIfEmpty: of("omitIfEmpty"),
    batchSize: of("batchSize"),
    lingerMs: parseDuration(of("lingerInterval"), '"lingerInterval"'),
    concurrency: of("concurrency"),
    retryIntervalMs: parseDuration(of("retryInterval"), '"retryInterval"'),
    retryCount: of("retryCount"),
    ...(bufferLength === undefined ? {} : { bufferLength }),
    ...(overflow === undefined ? {} : { overflow }),
  };
}
