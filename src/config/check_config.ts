import { nearest } from "../core/mod.ts";
import { showPath } from "./base_dir.ts";
import { listEtc } from "./config_files.ts";
import type { ConfigInput } from "./config_input.ts";
import { type Finding, warningAt } from "./finding.ts";
import { checkKuiperConfig, DEFAULT_KUIPER_CONFIG, loadKuiperConfig } from "./kuiper_config.ts";
import { checkPluginsConfig } from "./plugins_config.ts";
import { checkSinkConfig } from "./sink_config.ts";
import { checkSourceConfig } from "./source_config.ts";
import { bothCases } from "./source_file.ts";
import { join } from "@std/path";

const KNOWN = ["kuiper.yaml", "mqtt_source.yaml", "plugins.yaml"];

/** Check every file of `etc/` and every override of the environment: all that can be said without a stream. */
export async function checkConfig(input: ConfigInput): Promise<Finding[]> {
  const findings = await checkKuiperConfig(input);
  const { plugins } = findings.length === 0 ? await loadKuiperConfig(input) : DEFAULT_KUIPER_CONFIG;
  findings.push(...await checkPluginsConfig({ ...input, allowUnsafe: plugins.allowUnsafe }));
  findings.push(...await checkSourceConfig({ ...input, type: "mqtt" }));
  for (const name of await listEtc(input.paths)) {
    if (!KNOWN.includes(name)) findings.push(unread(input, name, KNOWN));
  }
  const types = new Set<string>();
  for (const name of await listEtc(input.paths, "sources")) {
    const type = bothCases(name.replace(/\.ya?ml$/, ""))[0];
    if (name.endsWith(".yml")) {
      findings.push(unread(input, `sources/${name}`, [`sources/${type}.yaml`]));
    } else if (type === "mqtt") {
      findings.push(unread(input, `sources/${name}`, ["mqtt_source.yaml"]));
    } else types.add(type);
  }
  for (const type of types) findings.push(...await checkSourceConfig({ ...input, type }));
  for (const name of await listEtc(input.paths, "sinks")) {
    const type = name.replace(/\.ya?ml$/, "");
    if (name.endsWith(".yml")) {
      findings.push(unread(input, `sinks/${name}`, [`sinks/${type}.yaml`]));
    } else findings.push(...await checkSinkConfig({ ...input, type }));
  }
  return findings;
}

function unread(input: ConfigInput, name: string, known: readonly string[]): Finding {
  const near = known.length === 1 ? known[0] : nearest(name, known, 1)[0];
  const cure = near === undefined ? "remove it" : `its name should be etc/${near}`;
  const file = showPath(input.paths, join(input.paths.etc, name));
  return warningAt({ file }, `nothing reads this file, ${cure}`);
}
