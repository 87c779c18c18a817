import type { PluginNames, PluginTemplate } from "./plugin_template.ts";

/** What `plugin new` writes of a source. */
export const SOURCE_TEMPLATE: PluginTemplate = {
  moduleText,
  yamlText,
  ownNames: [
    "AbortSignal",
    "AsyncGenerator",
    "Error",
    "Json",
    "Manifest",
    "Number",
    "Promise",
    "Props",
    "Source",
    "SourceItem",
    "StreamContext",
  ],
};

/** The source's own file. */
function moduleText({ type, className }: PluginNames): string {
  return `/**
 * The source "${type}". A stream uses it by its TYPE:
 *
 *   kuiper create stream demo '() WITH (TYPE="${type}", DATASOURCE="anything")'
 *   kuiper run demo
 *
 * It runs as it is, in a sandbox: nothing of the network, the disk and the environment can be reached but what
 * etc/plugins.yaml grants. It may import "kuiper" and files of this folder.
 *
 *   kuiper plugin check ${type}        try it, step by step
 */
import type { Json, Manifest, Props, Source, SourceItem, StreamContext } from "kuiper";

/** What the module says of itself. Optional; with it, etc/sources/${type}.yaml is checked before anything runs. */
export const manifest: Manifest = {
  contract: 1,
  version: "0.1.0",
  description: "Says a greeting at an interval",
  // A JSON Schema of the properties, without pattern and \$ref: check what they would say in configure.
  properties: {
    type: "object",
    properties: {
      interval: { type: "integer", minimum: 1 },
      greeting: { type: "string" },
    },
  },
  // What it would need to be granted, such as: permissions: { net: ["api.example.com:443"] }
};

/** One is constructed for every instance of every stream. The name is the TYPE's, with a capital letter. */
export class ${className} implements Source {
  #datasource = "";
  #interval = 1000;
  #greeting = "hello";
  #count = 0;

  /** Check and keep the configuration. Throw an Error with a clear sentence to refuse it. */
  configure(datasource: string, props: Props): void {
    this.#datasource = datasource;
    if (typeof props.interval === "number") this.#interval = props.interval;
    if (typeof props.greeting === "string") this.#greeting = props.greeting;
  }

  /**
   * Connect, then yield until ctx.signal aborts or the input ends (then return).
   *
   * What is thrown ends the stream. Throw NotConnected (from "kuiper") when the other end is away: the engine waits
   * and opens again. Yield { message } for fields, or { payload } for bytes that the stream's FORMAT decodes.
   * For a callback or a socket, return channel(ctx) of "kuiper" instead of writing a generator.
   */
  async *open(ctx: StreamContext): AsyncGenerator<SourceItem> {
    ctx.log.debug(\`one greeting every \${this.#interval} ms\`);
    while (!ctx.signal.aborted) {
      this.#count++;
      yield {
        message: { count: this.#count, greeting: this.#greeting },
        // What is worth knowing of the event itself; "kuiper run demo --meta" shows it.
        meta: { datasource: this.#datasource },
      };
      await pause(this.#interval, ctx.signal);
    }
  }

  /** The stream ends: release what configure and open took. It may be called while open still waits. */
  close(): void {}

  /** Optional: where to go on after the last item. It is stored, and the next run of the stream begins there. */
  offset(): Json {
    return this.#count;
  }

  /** Optional: go there. Called after configure and before open. */
  rewind(offset: Json): void {
    this.#count = Number(offset);
  }
}

/** Wait for \`ms\` milliseconds, or until \`signal\` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
`;
}

/** The source's configuration. */
function yamlText({ type, className }: PluginNames): string {
  return `# The source "${type}": plugins/sources/${className}.ts.
#
# Every stream over it gets the section "default"; a stream with CONF_KEY="democonf" gets that section laid over it.
# A value may hold \${env:NAME}. An environment variable overrides a value: ${type.toUpperCase()}__DEFAULT__INTERVAL=50.

default:
  # Milliseconds from one tuple to the next.
  interval: 1000
  # What every tuple says.
  greeting: hello

  # What the engine does for every source:
  # concurrency: 1         # instances of the source
  # bufferLength: 102400   # most tuples in memory between the source and its stream
  # overflow: wait         # when that is full: wait, drop_oldest or drop_newest

democonf:
  interval: 100
`;
}
