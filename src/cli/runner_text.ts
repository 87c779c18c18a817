import type { PluginDescription } from "./engine.ts";

/** What runs a plugin in which process, for people. */
export function runnerText(runner: NonNullable<PluginDescription["running"]>[number]): string {
  const what = "stream" in runner ? `stream "${runner.stream}"` : `rule "${runner.rule}"`;
  return `${what} in process ${runner.pid}`;
}
