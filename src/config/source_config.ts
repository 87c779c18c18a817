import { nearest, oneOf, type OverflowPolicy, parseDuration } from "../core/mod.ts";
import type { ConfigInput } from "./config_input.ts";
import { openDocument } from "./document.ts";
import {
  addFindings,
  errorAt,
  type Finding,
  formatFinding,
  refuseErrors,
  warningAt,
} from "./finding.ts";
import { interpolate } from "./interpolate.ts";
import { type Layer, layerOf, type Merged, mergeLayers } from "./layers.ts";
import { MQTT_SOURCE_SCHEMA } from "./mqtt_source_schema.ts";
import { mentionsPasswordFile, readPasswordFiles } from "./password_file.ts";
import type { PropsSchema } from "./props_schema.ts";
import { SOURCE_COMMON_SCHEMA } from "./source_common_schema.ts";
import { bothCases, readSourceFile, type SourceFile } from "./source_file.ts";
import { below, type Where } from "./where.ts";
import { isFinding, isSection, kindOf, type Section } from "./yaml_file.ts";

/** The fields that the engine reads from the configuration of every source. */
export interface CommonFields {
  /** Instances of the source in one stream. @default {1} */
  readonly concurrency: number;
  /** Most tuples in memory between the source and its stream. @default {102400} */
  readonly bufferLength: number;
  /** What happens when that many wait. @default {"wait"} */
  readonly overflow: OverflowPolicy;
  /** Bytes; a larger tuple is dropped and counted. 0 is no limit. @default {16777216} */
  readonly maxTupleBytes: number;
  /** Milliseconds that a source may take to end after it was told to stop. @default {5000} */
  readonly stopTimeoutMs: number;
}

/** Which configuration is wanted. */
export interface SourceQuery extends ConfigInput {
  /** The stream's TYPE. */
  readonly type: string;
  /** The stream's CONF_KEY. */
  readonly confKey?: string | undefined;
  /** The stream's EXTRA. */
  readonly extra?: Section | undefined;
}

/** The configuration of one source. */
export interface SourceConfig {
  /** The `default` section, overlaid by the CONF_KEY section and by EXTRA. For mqtt a `MqttSourceProps`. */
  readonly props: Record<string, unknown>;
  /** The same without EXTRA: what the operator wrote. Grants take hosts from here and never from a statement. */
  readonly operatorProps: Record<string, unknown>;
  readonly common: CommonFields;
  /** The files that were read, as messages call them. */
  readonly files: string[];
  /** Sentences that do not refuse anything. */
  readonly warnings: string[];
  /** Where the properties come from: for checking them against a manifest with `validateProps`. */
  readonly where: Where;
}

/**
 * Read the configuration of a source: its file, the environment's overrides, the CONF_KEY section and EXTRA.
 *
 * @throws KuiperError `config` when anything is wrong with what is used of it; a missing CONF_KEY names those that
 * exist. {@link checkSourceConfig} lists everything.
 */
export async function loadSourceConfig(query: SourceQuery): Promise<SourceConfig> {
  const { config, findings } = await examine(query, await openSource(query));
  refuseErrors(findings);
  return { ...config!, warnings: findings.map(formatFinding) };
}

/** Everything that is wrong with the configuration of a source type, in any of its sections. */
export async function checkSourceConfig(
  input: ConfigInput & { readonly type: string },
): Promise<Finding[]> {
  const source = await openSource(input);
  const found = new Map<string, Finding>();
  for (const confKey of new Set(["default", ...Object.keys(source.document.value)])) {
    const { findings } = await examine({ ...input, confKey }, source);
    for (const finding of findings) found.set(formatFinding(finding), finding);
  }
  return [...found.values()];
}

interface OpenedSource {
  readonly source: SourceFile;
  readonly document: ReturnType<typeof openDocument>;
  readonly schema: PropsSchema;
  readonly findings: readonly Finding[];
}

async function openSource(input: ConfigInput & { readonly type: string }): Promise<OpenedSource> {
  const source = await readSourceFile(input.paths, input.type);
  const isMqtt = input.type === "mqtt";
  const schema: PropsSchema = isMqtt ? MQTT_SOURCE_SCHEMA : SOURCE_COMMON_SCHEMA;
  const broken = source.file !== undefined && isFinding(source.file);
  const document = openDocument(
    broken ? undefined : source.file as Exclude<typeof source.file, Finding>,
    {
      ...input,
      name: source.name,
      prefix: isMqtt ? "MQTT_SOURCE" : bothCases(input.type)[0],
      schema: { type: "object", additionalProperties: schema },
    },
  );
  const findings = [
    ...source.findings,
    ...(broken ? [source.file as Finding] : []),
    ...document.findings,
  ];
  return { source, document, schema, findings };
}

async function examine(
  query: SourceQuery,
  opened: OpenedSource,
): Promise<{ config?: Omit<SourceConfig, "warnings">; findings: Finding[] }> {
  const { source, schema } = opened;
  const findings = [...opened.findings];
  const failed = () => findings.some((finding) => finding.severity === "error");
  if (failed()) return { findings };
  const own = chooseSections(query, opened, findings);
  if (failed()) return { findings };

  const extra = extraLayer(query, findings);
  const mqtt = query.type === "mqtt" ? await import("./mqtt_props.ts") : undefined;
  if (mqtt !== undefined) {
    for (const layer of [...own, extra]) findings.push(...mqtt.spellMqttLayer(layer));
  }
  const operator = await readValues(mergeLayers(own), { query, schema, findings });
  const merged = extra.values.size === 0
    ? operator
    : mergeLayers([layerOf(operator.props, operator.where), extra]);
  query.secrets.addKeysOf(merged.props);
  if (extra.values.size > 0) {
    const given = { query, operator: operator.props, file: source.name, findings };
    await refuseMovedSecret(extra, given);
  }

  // The built-in files are known to fit, and the validator need not be loaded for them.
  const configured = !source.builtIn || opened.document.overridden || extra.values.size > 0;
  if (configured && Object.keys(merged.props).length > 0) {
    const { validateProps } = await import("./props_check.ts");
    addFindings(findings, validateProps(merged.props, schema, merged.where));
    if (mqtt === undefined) findings.push(...nearMisses(merged));
  }
  if (failed()) return { findings };

  let { props } = merged;
  if (mqtt !== undefined) {
    const resolved = mqtt.resolveMqttProps(props, {
      base: query.paths.base,
      locate: (key) => merged.where.locate([key], "value"),
    });
    findings.push(...resolved.findings);
    props = { ...resolved.props };
  }
  return {
    config: {
      props,
      operatorProps: operator.props,
      common: commonFields(merged.props),
      files: source.file === undefined ? [] : [source.name],
      where: merged.where,
    },
    findings,
  };
}

/** The `default` section and the one of the CONF_KEY. */
function chooseSections(query: SourceQuery, opened: OpenedSource, findings: Finding[]): Layer[] {
  const { value, where } = opened.document;
  const sections: [string, unknown][] = [
    ["default", Object.hasOwn(value, "default") ? value["default"] : {}],
  ];
  const { confKey } = query;
  if (confKey !== undefined && confKey !== "default") {
    if (Object.hasOwn(value, confKey)) sections.push([confKey, value[confKey]]);
    else findings.push(missingConfKey(confKey, opened));
  }
  const layers: Layer[] = [];
  for (const [name, content] of sections) {
    if (isSection(content)) {
      layers.push(layerOf(content, below(where, [name])));
    } else {
      const message = `section "${name}" is ${kindOf(content)}, expected a mapping of properties`;
      findings.push(errorAt(where.locate([name], "value"), message));
    }
  }
  return layers;
}

function missingConfKey(confKey: string, { source, document }: OpenedSource): Finding {
  const names = Object.keys(document.value);
  if (source.file === undefined && names.length === 0) {
    return errorAt(
      { file: source.name },
      `does not exist, so there is no CONF_KEY "${confKey}": write that file with a section "${confKey}:"`,
    );
  }
  const near = nearest(confKey, names, 1)[0];
  const exists = names.length === 0 ? "the file has no section" : `there is ${oneOf(names, "and")}`;
  const cure = near === undefined ? exists : `did you mean "${near}"? (${exists})`;
  return errorAt({ file: source.name }, `no section for CONF_KEY "${confKey}", ${cure}`);
}

function extraLayer(query: SourceQuery, findings: Finding[]): Layer {
  const place = { file: "EXTRA" };
  if (mentionsPasswordFile(query.extra)) {
    findings.push(errorAt(
      place,
      '"passwordFile" reads a file of this machine, so it may stand only in a YAML file: move it there',
    ));
  }
  const label = (path: readonly (string | number)[]) => path.join(".");
  return layerOf(query.extra ?? {}, { locate: () => place, label, secrets: query.secrets });
}

/** Who may create streams must not send the operator's secrets somewhere else. */
async function refuseMovedSecret(
  extra: Layer,
  { query, operator, file, findings }: {
    query: SourceQuery;
    operator: Section;
    file: string;
    findings: Finding[];
  },
): Promise<void> {
  const { movedSecret } = await import("./moved_secret.ts");
  const own = Object.fromEntries([...extra.values].map(([key, { value }]) => [key, value]));
  const { type, secrets } = query;
  const found = movedSecret(own, operator, { builtin: type === "mqtt", secrets });
  if (found === undefined) return;
  const { moved, secret, known } = found;
  findings.push(errorAt(
    extra.where.locate([moved], "value"),
    `"${moved}" cannot be changed while "${secret}" comes from ${file}, because it ${
      known ? "decides" : "may decide"
    } who gets that: ` +
      `make a section with both there and choose it with CONF_KEY, or write "${secret}" in EXTRA too`,
  ));
}

/** Replace what stands for a value: variables of the environment and password files. */
async function readValues(
  merged: Merged,
  { query, schema, findings }: { query: SourceQuery; schema: PropsSchema; findings: Finding[] },
): Promise<Merged> {
  const { where } = merged;
  const replaced = interpolate(merged.props, { ...query, where, schema });
  const read = await readPasswordFiles(replaced.value, { base: query.paths.base, where });
  findings.push(...replaced.findings, ...read.findings);
  return { props: read.props, where };
}

/** Keys that look like a misspelt common field; they may as well be the source's own. */
function nearMisses({ props, where }: Merged): Finding[] {
  const known = Object.keys(SOURCE_COMMON_SCHEMA.properties);
  return Object.keys(props).filter((key) => !known.includes(key)).flatMap((key) => {
    const near = nearest(key, known, 1)[0];
    if (near === undefined) return [];
    const message = `"${where.label([key])}" is passed to the source, did you mean "${near}"?`;
    return [warningAt(where.locate([key], "key"), message)];
  });
}

function commonFields(props: Readonly<Record<string, unknown>>): CommonFields {
  const given = props as {
    -readonly [key in keyof typeof SOURCE_COMMON_SCHEMA.properties]?: unknown;
  };
  const { concurrency, bufferLength, overflow, maxTupleBytes, stopTimeout } =
    SOURCE_COMMON_SCHEMA.properties;
  return {
    concurrency: (given.concurrency ?? concurrency.default) as number,
    bufferLength: (given.bufferLength ?? bufferLength.default) as number,
    overflow: (given.overflow ?? overflow.default) as CommonFields["overflow"],
    maxTupleBytes: (given.maxTupleBytes ?? maxTupleBytes.default) as number,
    stopTimeoutMs: parseDuration(given.stopTimeout ?? stopTimeout.default, '"stopTimeout"'),
  };
}
