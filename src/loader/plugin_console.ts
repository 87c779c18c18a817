import type { LogLevel } from "../core/mod.ts";

/** The `console` of a plugin: its lines go to the log of its stream. What only draws for a terminal does nothing. */
export function pluginConsole(
  write: (level: LogLevel, message: string) => void,
  inspect: (args: unknown[]) => string,
): Record<string, (...args: unknown[]) => void> {
  const at = (level: LogLevel) => (...args: unknown[]) => {
    let text: string;
    try {
      text = inspect(args);
    } catch {
      // A getter that throws is no reason to end a stream.
      text = "(cannot be shown)";
    }
    write(level, text.replace(/\n$/, ""));
  };
  const nothing = () => {};
  const error = at("error");
  return {
    log: at("info"),
    info: at("info"),
    dir: (value) => at("info")(value),
    debug: at("debug"),
    trace: at("debug"),
    warn: at("warn"),
    error,
    assert: (condition, ...args) => {
      if (!condition) error("Assertion failed", ...args);
    },
    clear: nothing,
    count: nothing,
    countReset: nothing,
    dirxml: nothing,
    group: nothing,
    groupCollapsed: nothing,
    groupEnd: nothing,
    table: (value) => at("info")(value),
    time: nothing,
    timeEnd: nothing,
    timeLog: nothing,
    timeStamp: nothing,
  };
}
