import { resolve } from "@std/path";
import { type LogLevel, parseDuration } from "../core/mod.ts";
import { readOwnEtcFile } from "./config_files.ts";
import type { ConfigInput } from "./config_input.ts";
import { openDocument } from "./document.ts";
import { addFindings, errorAt, type Finding, refuseErrors } from "./finding.ts";
import { interpolate } from "./interpolate.ts";
import { publicKey } from "./public_key.ts";
import { KUIPER_SCHEMA } from "./kuiper_schema.ts";
import type { Where } from "./where.ts";
import { DEFAULT_REST_CONFIG, type RestConfig, type RestSection, toRest } from "./rest_config.ts";
import { isFinding, isSection, type Section } from "./yaml_file.ts";

/** `etc/kuiper.yaml`, complete and checked. */
export interface KuiperConfig {
  readonly basic: {
    /** The lowest level that is logged; `debug: true` makes it `debug`. @default {"info"} */
    readonly logLevel: LogLevel;
    /** Milliseconds that a graceful stop may take. @default {10000} */
    readonly gracefulShutdownTimeoutMs: number;
    /** How the server is reached and what it holds its callers to. */
    readonly rest: RestConfig;
  };
  readonly plugins: {
    /** Whether `run` and `ffi` can be granted. @default {false} */
    readonly allowUnsafe: boolean;
    /** Origins that plugins may import from beside their own. @default {[]} */
    readonly allowImport: readonly string[];
    /** Absolute path of a PEM file with authorities to trust, beside the system's, when modules are fetched. */
    readonly caFile?: string;
    /** Bearer tokens by host (`host` or `host:port`), for hosts that give modules to nobody else. */
    readonly tokens: Readonly<Record<string, string>>;
    /** Public Ed25519 keys by name: 32 bytes in base64. @default {{}} */
    readonly trustedKeys: Readonly<Record<string, string>>;
    /** Whether a plugin by URL runs only with a signature by one of them. @default {false} */
    readonly requireSignature: boolean;
    /** The program that is put around the process of a plugin, and its arguments; absent where there is none. */
    readonly processWrapper?: readonly WrapperArgument[];
  };
}

/**
 * An argument of a wrapper: a text in which `${executable}` is the program's own path; or texts for the grant of net
 * (given once), or for each path of the grant of read or write (in which `${path}` is that path).
 */
export type WrapperArgument =
  | string
  | { readonly [kind in "net" | "read" | "write"]?: readonly string[] };

/** What holds with no file and no variable; the shipped `etc/kuiper.yaml` says the same. */
export const DEFAULT_KUIPER_CONFIG: KuiperConfig = {
  basic: {
    logLevel: "info",
    gracefulShutdownTimeoutMs: 10_000,
    rest: DEFAULT_REST_CONFIG,
  },
  plugins: {
    allowUnsafe: false,
    allowImport: [],
    tokens: {},
    trustedKeys: {},
    requireSignature: false,
  },
};

/**
 * Read `etc/kuiper.yaml` and the variables `KUIPER__…`.
 *
 * @throws KuiperError `config` when something is wrong with them; {@link checkKuiperConfig} lists everything.
 */
export async function loadKuiperConfig(input: ConfigInput): Promise<KuiperConfig> {
  const { value, findings } = await examine(input);
  refuseErrors(findings);
  return toConfig(value, input);
}

/** Everything that is wrong with `etc/kuiper.yaml` and the variables `KUIPER__…`. */
export async function checkKuiperConfig(input: ConfigInput): Promise<Finding[]> {
  return (await examine(input)).findings;
}

async function examine(input: ConfigInput): Promise<{ value: Section; findings: Finding[] }> {
  // The built-in file holds the defaults and nothing else: it need not be read.
  const file = await readOwnEtcFile(input.paths, "kuiper.yaml");
  if (file !== undefined && isFinding(file)) return { value: {}, findings: [file] };
  const document = openDocument(file, {
    ...input,
    name: "etc/kuiper.yaml",
    prefix: "KUIPER",
    schema: KUIPER_SCHEMA,
  });
  if (file === undefined && !document.overridden) return { value: {}, findings: [] };
  const { value, findings } = interpolate(document.value, {
    ...input,
    where: document.where,
    schema: KUIPER_SCHEMA,
  });
  findings.unshift(...document.findings);
  hideTokens(value, input);
  const { validateProps } = await import("./props_check.ts");
  addFindings(findings, validateProps(value, KUIPER_SCHEMA, document.where));
  if (findings.length === 0) {
    findings.push(...checkWrapper(value, document.where), ...checkKeys(value, document.where));
  }
  return { value, findings };
}

/** It begins with the program, which is no argument of anything. */
function checkWrapper(value: Section, where: Where): Finding[] {
  const wrapper = isSection(value.plugins) ? value.plugins.processWrapper : undefined;
  if (!Array.isArray(wrapper) || typeof wrapper[0] === "string" && wrapper[0] !== "") return [];
  const path = ["plugins", "processWrapper", 0];
  const message = `"${where.label(path)}" is ${JSON.stringify(wrapper[0])}, expected the program`;
  return [errorAt(where.locate(path, "value"), message)];
}

function checkKeys(value: Section, where: Where): Finding[] {
  const { trustedKeys = {}, requireSignature } = (value.plugins ?? {}) as {
    trustedKeys?: Record<string, string>;
    requireSignature?: boolean;
  };
  const names = Object.keys(trustedKeys);
  const findings = names.filter((name) => publicKey(trustedKeys[name]!) === undefined)
    .map((name) => {
      const path = ["plugins", "trustedKeys", name];
      const message =
        `"${where.label(path)}" is no Ed25519 key, expected base64 of 32 bytes, or PEM ` +
        'as "openssl pkey -pubout" writes it';
      return errorAt(where.locate(path, "value"), message);
    });
  if (requireSignature === true && names.length === 0) {
    const path = ["plugins", "requireSignature"];
    const message =
      `"${where.label(path)}" is true and plugins.trustedKeys is empty, so that no plugin by ` +
      "URL could run: add a key";
    findings.push(errorAt(where.locate(path, "value"), message));
  }
  return findings;
}

/** The section `basic`, checked by the schema. */
interface BasicSection extends RestSection {
  debug?: boolean;
  logLevel?: LogLevel;
  gracefulShutdownTimeout?: number | string;
}

function toConfig(value: Section, { paths }: ConfigInput): KuiperConfig {
  const basic = (value.basic ?? {}) as BasicSection;
  const plugins = (value.plugins ?? {}) as Partial<KuiperConfig["plugins"]>;
  const { basic: defaults } = DEFAULT_KUIPER_CONFIG;
  return {
    basic: {
      logLevel: basic.debug === true ? "debug" : basic.logLevel ?? defaults.logLevel,
      gracefulShutdownTimeoutMs: basic.gracefulShutdownTimeout === undefined
        ? defaults.gracefulShutdownTimeoutMs
        : parseDuration(basic.gracefulShutdownTimeout, '"basic.gracefulShutdownTimeout"'),
      rest: toRest(basic, paths.base),
    },
    plugins: {
      ...DEFAULT_KUIPER_CONFIG.plugins,
      ...plugins,
      trustedKeys: Object.fromEntries(
        Object.entries(plugins.trustedKeys ?? {}).map(([name, key]) => [name, publicKey(key)!]),
      ),
      allowImport: (plugins.allowImport ?? []).map((origin) => origin.replace(/\/$/, "")),
      ...(plugins.caFile === undefined ? {} : { caFile: resolve(paths.base, plugins.caFile) }),
    },
  };
}

/** Whatever they are and wherever they came from: tokens are printed nowhere, nor what stands in a hash's place. */
function hideTokens(value: Section, { secrets }: ConfigInput): void {
  for (const section of [value.basic, value.plugins]) {
    const tokens = isSection(section) ? section.tokens : undefined;
    if (isSection(tokens)) Object.values(tokens).forEach((token) => secrets.add(String(token)));
  }
}
