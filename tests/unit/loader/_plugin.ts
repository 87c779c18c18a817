/** Runs the text of a plugin in a real isolate, for tests. */
import { type LogLevel, type Row, silentLogger } from "../../../src/core/mod.ts";
import type {
  SourceBatch,
  SourceEvents,
  SourceHost,
  SourceInstance,
  SourceSpec,
} from "../../../src/contract/mod.ts";
import { SAFE_NODE_MODULES } from "../../../src/loader/safe_node_modules.ts";
import { link } from "../../../src/loader/link.ts";
import { readGraph } from "../../../src/loader/module_graph.ts";
import { openWorkerHost } from "../../../src/loader/start_isolate.ts";
import type { IsolateOptions, LoadableText, WorkerHost } from "../../../src/loader/worker_host.ts";

export const SPEC: SourceSpec = {
  datasource: "d",
  props: {},
  streamId: "demo",
  opId: "source_demo",
  instanceId: 0,
  state: {},
  bufferLength: 1000,
  overflow: "wait",
  maxTupleBytes: 0,
};

/** Link one file that is nowhere on the disk. */
export async function linkText(code: string, file = "Mine.ts"): Promise<LoadableText> {
  const root = "file:///plugins/sources/";
  const graph = await readGraph({
    entry: root + file,
    display: `plugins/sources/${file}`,
    policy: { root, allowedNodeModules: SAFE_NODE_MODULES },
    reader: {
      read: (url) => Promise.resolve({ bytes: new TextEncoder().encode(code), realUrl: url }),
      realFolder: (url) => Promise.resolve(url),
      siblings: () => Promise.resolve([]),
    },
  });
  const { text, maps } = link(graph);
  return { text, maps, nodeModules: graph.nativeModules };
}

/** Load `code` as the source type `mine`. */
export async function openPlugin(
  code: string,
  options: Partial<IsolateOptions> = {},
): Promise<WorkerHost> {
  return await openWorkerHost(await linkText(code), {
    type: "mine",
    permissions: {},
    log: silentLogger,
    // Nobody waits for it on a machine that has much else to do.
    loadDeadlineMs: 60_000,
    ...options,
  });
}

/** An instance with what it said. */
export class Run {
  readonly batches: SourceBatch[] = [];
  readonly lines: [LogLevel, string][] = [];
  readonly statuses: [string, string][] = [];
  readonly instance: SourceInstance;
  #wakers: (() => void)[] = [];

  constructor(host: SourceHost, spec: Partial<SourceSpec> = {}, credit = 100_000) {
    const events: SourceEvents = {
      batch: (batch) => this.#said(this.batches, batch),
      log: (level, message) => this.#said(this.lines, [level, message]),
      status: (status, message) => this.#said(this.statuses, [status, message]),
    };
    this.instance = host.start({ ...SPEC, ...spec }, events);
    if (credit > 0) this.instance.grant(credit, 0);
  }

  get rows(): (Row | null)[] {
    return this.batches.flatMap((batch) => batch.tuples.map(({ message }) => message));
  }

  /** Resolves when `is` holds, looked at whenever the instance said something. */
  async until(is: (run: this) => boolean): Promise<void> {
    while (!is(this)) await new Promise<void>((resolve) => this.#wakers.push(resolve));
  }

  async end(): Promise<Awaited<SourceInstance["closed"]>["end"]> {
    return (await this.instance.closed).end;
  }

  #said<T>(list: T[], item: T): void {
    list.push(item);
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

/** Load, run to the end, and dispose. */
export async function runPlugin(
  code: string,
  options: Partial<IsolateOptions> & { spec?: Partial<SourceSpec> } = {},
): Promise<Run & { closed: Awaited<SourceInstance["closed"]> }> {
  const { spec, ...rest } = options;
  await using host = await openPlugin(code, rest);
  const run = new Run(host, spec);
  const closed = await run.instance.closed;
  return Object.assign(run, { closed });
}

/** A source whose `open` is `body`; `ctx`, `props` and `this` are there. */
export function source(body: string, more = ""): string {
  return `import { BackOff, channel, NotConnected } from "kuiper";
export class Mine {
  configure(datasource, props, ctx) { this.datasource = datasource; this.props = props; }
  ${more}
  async *open(ctx) { const { props } = this; ${body} }
}
void [BackOff, channel, NotConnected];`;
}
