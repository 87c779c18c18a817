import type { YamlValue } from "./edit_yaml.ts";
import { DEFAULT_RESTART, type PluginLimits, type RestartPolicy } from "./plugin_entry.ts";

/** What a process is held to, as an entry of `etc/plugins.yaml` says it; undefined when it says nothing of it. */
export function writtenLimits(
  { memoryBytes, cpu, ratePerSecond, watchdogMs }: PluginLimits,
): { readonly [key: string]: YamlValue } | undefined {
  return mapping([
    ["memory", memoryBytes],
    ["cpu", cpu],
    ["rate", ratePerSecond],
    ["watchdog", watchdogMs === undefined ? undefined : `${watchdogMs}ms`],
  ]);
}

/** How a process is started again, as an entry says it: what is not the default; undefined when nothing is. */
export function writtenRestart(
  restart: RestartPolicy,
): { readonly [key: string]: YamlValue } | undefined {
  const own = (key: keyof RestartPolicy) =>
    restart[key] === DEFAULT_RESTART[key] ? undefined : restart[key];
  const duration = (ms: number | undefined) => ms === undefined ? undefined : `${ms}ms`;
  return mapping([
    ["attempts", own("attempts")],
    ["delay", duration(own("delayMs"))],
    ["multiplier", own("multiplier")],
    ["maxDelay", duration(own("maxDelayMs"))],
    ["jitter", own("jitter")],
  ]);
}

function mapping(
  pairs: readonly [string, YamlValue | undefined][],
): { readonly [key: string]: YamlValue } | undefined {
  const given = pairs.filter((pair): pair is [string, YamlValue] => pair[1] !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
