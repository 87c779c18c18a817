import {
  type Json,
  type Row,
  runSource,
  type Source,
  type SourceBatch,
  type SourceSpec,
} from "../../../src/contract/mod.ts";

const SPEC: SourceSpec = {
  datasource: "",
  props: {},
  streamId: "demo",
  opId: "source_demo",
  instanceId: 0,
  state: {} as Record<string, Json>,
  bufferLength: 1000,
  overflow: "wait",
  maxTupleBytes: 0,
};

/** Run one instance of a plugin as the engine does, keeping what it tells. */
export function runPlugin(source: Source, spec: Partial<SourceSpec> = {}, credit = 1_000_000) {
  const batches: SourceBatch[] = [];
  const lines: string[] = [];
  const statuses: string[] = [];
  const watchers = new Set<() => void>();
  const told = () => {
    for (const watcher of watchers) watcher();
  };
  const instance = runSource(() => Promise.resolve(source), { ...SPEC, ...spec }, {
    batch(batch) {
      batches.push(batch);
      told();
    },
    log(level, message) {
      lines.push(`${level} ${message}`);
      told();
    },
    status(status, message) {
      statuses.push(`${status} ${message}`);
      told();
    },
  }, { validate: true });
  instance.grant(credit, 0);
  const run = {
    instance,
    lines,
    statuses,
    rows: (): Row[] => batches.flatMap((batch) => batch.tuples.map(({ message }) => message ?? {})),
    payloads: (): string[] =>
      batches.flatMap((batch) => batch.tuples)
        .flatMap(({ payload }) => payload === undefined ? [] : new TextDecoder().decode(payload)),
    /** Resolves when what the source told makes `condition` true. */
    until(condition: () => boolean): Promise<void> {
      return new Promise((resolve) => {
        const watcher = () => {
          if (!condition()) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      });
    },
    /** Stop and wait for the end. */
    async stop() {
      instance.stop(5000);
      return (await instance.closed).end;
    },
  };
  return run;
}
