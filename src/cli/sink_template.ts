import type { PluginNames, PluginTemplate } from "./plugin_template.ts";

/** What `plugin new` writes of a sink. */
export const SINK_TEMPLATE: PluginTemplate = {
  moduleText,
  yamlText,
  ownNames: [
    "Array",
    "JSON",
    "Manifest",
    "Object",
    "Props",
    "Row",
    "Sink",
    "SinkContext",
    "SinkItem",
    "String",
  ],
};

/** The sink's own file. */
function moduleText({ type, className }: PluginNames): string {
  return `/**
 * The sink "${type}". A rule sends to it by its name:
 *
 *   kuiper create rule r1 '{"sql": "SELECT * FROM demo", "actions": [{"${type}": {"prefix": "got"}}]}'
 *   kuiper serve
 *
 * It runs as it is, in a sandbox: nothing of the network, the disk and the environment can be reached but what
 * etc/plugins.yaml grants. It may import "kuiper" and files of this folder.
 *
 *   kuiper plugin check ${type}        try it, step by step
 */
import type { Manifest, Props, Row, Sink, SinkContext, SinkItem } from "kuiper";

/** What the module says of itself. Optional; with it, the properties are checked before anything runs. */
export const manifest: Manifest = {
  contract: 1,
  version: "0.1.0",
  description: "A line in the log for each row",
  // A JSON Schema of its own properties, without pattern and \$ref: check what they would say in configure. The
  // properties that every sink has, such as sendSingle and format, are the engine's.
  properties: {
    type: "object",
    properties: {
      prefix: { type: "string" },
    },
  },
  // What it would need to be granted, such as: permissions: { net: ["api.example.com:443"] }
};

/** One is constructed for every instance of every action. The name is the sink's, with a capital letter. */
export class ${className} implements Sink {
  /** "rows" as they are. Without this line the engine encodes them, and items are { payload } of bytes. */
  readonly takes = "rows";
  #prefix = "";

  /** Check and keep the properties. Throw an Error with a clear sentence to refuse the rule. */
  configure(props: Props): void {
    if (typeof props.prefix === "string") this.#prefix = \`\${props.prefix} \`;
  }

  /**
   * Optional: connect. Throw NotConnected (from "kuiper") when the other end is away: the engine waits and opens again.
   */
  open(ctx: SinkContext): void {
    ctx.log.debug("ready to take rows");
  }

  /**
   * Take items, in order; it may be async, and the next call comes when this one is done.
   *
   * Throw NotConnected or BackOff to be handed the items again: the engine waits and counts. Anything else that is
   * thrown drops them. ctx.taken(n) says that the first n are done with, whatever is thrown afterwards.
   */
  collect(items: readonly SinkItem[], ctx: SinkContext): void {
    for (const [index, item] of items.entries()) {
      if (!("message" in item)) continue;
      // One row with sendSingle, without it an array of the rows of a result.
      const rows: Row[] = Array.isArray(item.message) ? item.message : [item.message];
      for (const row of rows) {
        // Refused for good: it is dropped and counted, with the reason.
        if (Object.keys(row).length === 0) ctx.refuse(index, "it has no fields");
        else ctx.log.info(this.#prefix + toText(row));
      }
    }
  }

  /** Optional: the rule ends. Release what configure and open took; ctx.signal has aborted. */
  close(): void {}
}

/** A row as JSON, with the digits of whole numbers that are too large for it. */
function toText(row: Row): string {
  return JSON.stringify(row, (_key, value) => typeof value === "bigint" ? String(value) : value);
}
`;
}

/** The sink's configuration. */
function yamlText({ type, className }: PluginNames): string {
  return `# The sink "${type}": plugins/sinks/${className}.ts.
#
# Every action of a rule that names it gets the section "default"; one with "resourceId": "democonf" gets that section
# laid over it, and then what the action says itself. A value may hold \${env:NAME}. An environment variable overrides
# a value: ${type.toUpperCase()}_SINK__DEFAULT__PREFIX=got.

default:
  # What every line begins with.
  prefix: got

  # What the engine does for every sink:
  # sendSingle: false      # true hands over the rows of a result one by one
  # format: json           # how rows become bytes, for a sink that takes bytes
  # bufferLength: 1024     # most results that wait for the sink
  # retryInterval: 1s      # when what it could not take is tried again, and
  # retryCount: -1         # how often; -1 is for ever

democonf:
  prefix: demo
`;
}
