import type { PluginDescription } from "./engine.ts";

/** What runs a plugin in which process, for people. */
export function runnerText(runner: NonNullable<PluginDescription["running"]>[number]): string {
  const what = "stream" in runner
    ? `stream "${runner.stream}"`
    : "rule" in runner
    ? `rule "${runner.rule}"`
    : `a query of stream "${runner.query}"`;
  return `${what} in process ${runner.pid}`;
}
