import { toJson, type Tuple, type Value } from "../core/mod.ts";
import type { Printer } from "./printer.ts";
import { quietJson } from "./quiet_json.ts";

/** How JSON lines are written. */
export interface NdjsonOptions {
  /** Write `{"stream","timestamp","message","meta"}` instead of the message alone. @default {false} */
  meta?: boolean;
  /** Escape what steers a terminal; the JSON says the same. @default {false} */
  terminal?: boolean;
}

/** One JSON object a line. */
export function ndjsonPrinter(options: NdjsonOptions = {}): Printer {
  const line = options.meta === true ? envelope : message;
  return {
    lines(name, tuples) {
      const stream = JSON.stringify(name);
      let text = "";
      for (const tuple of tuples) text += line(tuple, stream) + "\n";
      return options.terminal === true ? quietJson(text) : text;
    },
  };
}

function message(tuple: Tuple): string {
  return fastJson(tuple.message);
}

function envelope({ timestamp, message, meta }: Tuple, stream: string): string {
  return `{"stream":${stream},"timestamp":${timestamp},"message":${fastJson(message)},"meta":${
    fastJson(meta)
  }}`;
}

/** As `toJson`, by the native function where that gives the same: a third of the time. */
function fastJson(value: Value): string {
  return isForNative(value) ? JSON.stringify(value) : toJson(value);
}

/** The native function refuses a bigint and writes bytes as an object. */
function isForNative(value: Value | undefined): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if (Array.isArray(value)) return value.every(isForNative);
  if (value instanceof Uint8Array) return false;
  for (const key in value) {
    const field = (value as Record<string, Value | undefined>)[key];
    const type = typeof field;
    if (type === "bigint" || (type === "object" && !isForNative(field))) return false;
  }
  return true;
}
