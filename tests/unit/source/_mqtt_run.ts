import {
  runSource,
  type SourceBatch,
  type SourceEnd,
  type SourceSpec,
} from "../../../src/contract/mod.ts";
import { MqttSource, type MqttSourceOptions } from "../../../src/source/mqtt.ts";

/** A running mqtt source and what it has told. */
export interface MqttRun extends AsyncDisposable {
  /** Each tuple: its bytes as text and its metadata. */
  readonly tuples: { text: string; meta: Record<string, unknown> }[];
  readonly statuses: string[];
  readonly logs: string[];
  readonly dropped: number;
  /** What was larger than maxTupleBytes. */
  readonly oversize: number;
  /** State as the engine would store it. */
  readonly state: Record<string, unknown>;
  grant(credit: number): void;
  /** Resolves when `holds` is true; asked after each batch, status and line of the log. */
  until(holds: () => boolean): Promise<void>;
  /** Resolves when a status matches that was told after the last one that matched. */
  status(pattern: RegExp): Promise<string>;
  /** Stop it, and how it ended. */
  stop(): Promise<SourceEnd>;
  /** How it ends by itself. */
  readonly ended: Promise<SourceEnd>;
}

/** Run an mqtt source with unlimited credit, or with `credit`. */
export function runMqtt(
  spec: Partial<SourceSpec> & Pick<SourceSpec, "datasource" | "props">,
  options: { credit?: number; source?: MqttSourceOptions } = {},
): MqttRun {
  const run = {
    tuples: [] as MqttRun["tuples"],
    statuses: [] as string[],
    logs: [] as string[],
    state: { ...spec.state } as Record<string, unknown>,
    dropped: 0,
    oversize: 0,
  };
  let end: SourceEnd | undefined;
  let listeners: (() => void)[] = [];
  const tell = () => {
    const told = listeners;
    listeners = [];
    for (const listener of told) listener();
  };
  const addState = (changes: SourceBatch["state"]) => Object.assign(run.state, changes?.put);
  const instance = runSource(
    () => Promise.resolve(new MqttSource(options.source)),
    {
      streamId: "demo",
      opId: "source_demo",
      instanceId: 0,
      state: {},
      bufferLength: 102_400,
      overflow: "wait",
      maxTupleBytes: 0,
      ...spec,
    },
    {
      batch(batch) {
        const decoder = new TextDecoder();
        for (const { payload, meta } of batch.tuples) {
          run.tuples.push({ text: decoder.decode(payload), meta });
        }
        run.dropped += batch.dropped;
        run.oversize += batch.oversize;
        addState(batch.state);
        tell();
      },
      log(level, message) {
        run.logs.push(`${level}: ${message}`);
        tell();
      },
      status(status, message) {
        run.statuses.push(`${status}: ${message}`);
        tell();
      },
    },
    { validate: true },
  );
  const ended = instance.closed.then((closed) => {
    run.dropped += closed.dropped;
    run.oversize += closed.oversize;
    addState(closed.state);
    end = closed.end;
    tell();
    return closed.end;
  });
  instance.grant(options.credit ?? 1e9, 0);
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      if (end !== undefined) {
        throw new Error(`the source ended: ${JSON.stringify({ end, statuses: run.statuses })}`);
      }
      await new Promise<void>((resolve) => listeners.push(resolve));
    }
  };
  let read = 0;
  return Object.assign(run, {
    ended,
    until,
    grant: (credit: number) => instance.grant(credit, 0),
    async status(pattern: RegExp) {
      let found = -1;
      const search = () => {
        found = run.statuses.findIndex((status, i) => i >= read && pattern.test(status));
        return found >= 0;
      };
      await until(search);
      read = found + 1;
      return run.statuses[found]!;
    },
    async stop() {
      instance.stop(5000);
      return await ended;
    },
    async [Symbol.asyncDispose]() {
      instance.stop(5000);
      // What waits in the queue has to leave it before the instance can end.
      instance.grant(1e9, 0);
      await ended;
    },
  });
}
