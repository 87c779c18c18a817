/**
 * The entry of every Worker that runs a plugin: tame the realm, then load the one module text that arrives and run
 * instances of its source. The other side is worker_host.ts, the words between them are protocol.ts.
 *
 * @module
 */
import { endOfTurn, oneOf, sampled } from "../core/mod.ts";
import {
  BackOff,
  channel,
  type CollectResult,
  type ConnectionStatus,
  failureOf,
  NotConnected,
  type PickedFunction,
  pickExport,
  pickFunction,
  pickSink,
  type RefusedItem,
  RunningSink,
  runSource,
  SentBytes,
  type SettledItems,
  type Sink,
  type SinkFactory,
  type SinkSpec,
  type SourceEvents,
  type SourceFactory,
  type SourceFailure,
  type SourceInstance,
  type SourceSpec,
} from "../contract/mod.ts";
import { bytesOf, encodeBatch } from "./batch_codec.ts";
import { type Answer, answerOf, decodeArgs, encodeAnswers } from "./call_codec.ts";
import { linkedAddress, withoutText } from "./linked_address.ts";
import { instantiate, type LinkedModules } from "./link_runtime.ts";
import { NATIVES } from "./natives.ts";
import { givenAway, packMessage } from "./packed_message.ts";
import { pluginConsole } from "./plugin_console.ts";
import { watchDenials } from "./denial_watch.ts";
import { cut, type FromIsolate, LIMITS, STATUSES, type ToIsolate } from "./protocol.ts";
import { decodeItems } from "./sink_codec.ts";
import { tameRealm } from "./tame.ts";

/** Lines of the log that leave the isolate in a second. */
const LINES_PER_SECOND = 100;
/** A change of an instance's status follows the last after so long at the earliest. */
const STATUS_INTERVAL_MS = 50;
/** Characters of the error of one row. */
const MOST_OF_ERROR = 1000;
/** Only a module that names them gets them: see {@link tameRealm}. */
const NODE_GLOBALS = /\b(?:process|Buffer)\b/;

/** A plugin may put another in its place, whose answer can be anything. */
const { stringify } = JSON;
// Taken before any plugin's code runs: those of its realm are the plugin's to stop and to replace.
const { clearTimeout, setTimeout } = globalThis;

const captured = tameRealm();
const instances = new Map<number, SourceInstance>();
let factory: SourceFactory | undefined;
let picked: PickedFunction | undefined;
let sinks: SinkFactory | undefined;
let firstSink: Sink | undefined;
const running = new Map<number, { sink: RunningSink; flush(): void }>();

/** What the isolate says goes through here; nothing of the realm is used that a plugin could have replaced. */
function send(message: FromIsolate): void {
  const packed = packMessage(message);
  const given = givenAway(packed);
  // An empty list would be read by the iterator of arrays, which is the plugin's to replace.
  if (given === undefined) captured.postMessage(packed);
  else captured.postMessage(packed, given);
}

const denials = watchDenials(send);
const now = performance.now.bind(performance);
const lineGate = sampled(now, { burst: LINES_PER_SECOND, windowMs: 1000 });

const log = (id: number): SourceEvents["log"] => (level, message) =>
  lineGate((suppressed) => {
    if (suppressed > 0) {
      const note = `${suppressed} lines left out, at most ${LINES_PER_SECOND} pass in a second`;
      send({ t: "log", id, level: "warn", message: note });
    }
    send({ t: "log", id, level, message: cut(message, LIMITS.message) });
  });

globalThis.console = pluginConsole(log(0), captured.inspect) as unknown as Console;

// -- What nobody caught: told to the engine, and never to the runtime, which would print the plugin's text --

const crashed = (error: unknown) => {
  denials.flush();
  send({ t: "failed", failure: bounded(failureOf(error, "crash")) });
};
/** Where the plugin has replaced what a sentence is made with. */
const untold = () =>
  send({
    t: "failed",
    failure: { step: "crash", name: "Error", message: "threw what cannot be told" },
  });
captured.hearThrows({ read: crashed, failed: untold });
captured.listen("error", { of: "error", read: crashed, failed: untold });

let asked = false;
captured.listen("message", {
  of: "data",
  read: (data) => obey(data as ToIsolate),
  failed: untold,
});

/** A plugin can say such things too, by an event of its own: they may reach no more than it has. */
function obey(message: ToIsolate): void {
  switch (message.t) {
    case "load":
      // Whatever loads later has not been linked.
      if (asked) return;
      asked = true;
      void load(message);
      break;
    case "start":
      start(message.id, message.spec);
      break;
    case "grant":
      instances.get(message.id)?.grant(message.credit, message.doneThrough);
      break;
    case "stop":
      // It may be cut off before its end.
      denials.flush();
      instances.get(message.id)?.stop(message.deadlineMs);
      break;
    case "sink_start":
      void startSink(message.id, message.spec);
      break;
    case "collect":
      void collect(message);
      break;
    case "sink_close":
      denials.flush();
      void closeSink(message.id, message.deadlineMs);
      break;
    case "call":
      void answer(message);
      break;
    case "ping":
      denials.flush();
      send({ t: "pong", sign: message.sign });
      break;
  }
}

captured.lockListeners(["error", "unhandledrejection", "message"]);

async function load(message: ToIsolate & { t: "load" }): Promise<void> {
  try {
    const { role, text, type, nodeModules, env } = message;
    fillEnv(env);
    if (nodeModules.some((name) => Object.hasOwn(NATIVES, name)) || NODE_GLOBALS.test(text)) {
      captured.loadNode();
    }
    const natives: Record<string, object> = {
      kuiper: { BackOff, NotConnected, channel },
    };
    for (const name of nodeModules) {
      if (Object.hasOwn(natives, name)) continue;
      const native = Object.hasOwn(NATIVES, name) ? NATIVES[name] : undefined;
      if (native === undefined) throw new TypeError(`Cannot import "${name}" in a plugin`);
      natives[name] = await native();
    }
    const linked = (await import(linkedAddress(text))).default as LinkedModules;
    const { namespace } = await instantiate(linked, natives);
    let takes: Sink["takes"];
    if (role === "function") picked = pickFunction(namespace, type);
    else if (role === "sink") {
      sinks = pickSink(namespace, type);
      // What it takes has to be known before the first instance starts: that will be this one.
      firstSink = await sinks.make();
      takes = firstSink.takes === "rows" ? "rows" : "bytes";
    } else factory = pickExport(namespace, type);
    const { exportName, manifest } = (picked ?? sinks ?? factory)!;
    const kind = (factory ?? sinks)?.kind ?? "function";
    send({
      t: "loaded",
      kind,
      exportName,
      ...(takes === undefined ? {} : { takes }),
      ...(picked === undefined ? {} : { parameters: picked.parameters }),
      ...(manifest === undefined ? {} : { manifest: stringify(manifest) }),
    });
  } catch (error) {
    denials.flush();
    const { message, stack, ...rest } = failureOf(error, "load");
    send({
      t: "failed",
      failure: bounded({
        ...rest,
        // It would be cut before the place, which stands at its end.
        message: withoutText(message),
        ...(stack === undefined ? {} : { stack: withoutText(stack) }),
      }),
    });
  }
}

/** Call the function for one row after the other: it never runs twice at a time for one call. */
async function answer({ id, ...args }: ToIsolate & { t: "call" }): Promise<void> {
  const answers: Answer[] = [];
  for (const row of decodeArgs(args)) {
    try {
      const given = picked?.call(row);
      answers.push(answerOf(given instanceof Promise ? await given : given));
    } catch (error) {
      answers.push({ error: cut(failureOf(error, "open").message, MOST_OF_ERROR) });
    }
  }
  denials.flush();
  send({ t: "results", id, ...encodeAnswers(answers) });
}

// -- Sinks --

async function startSink(id: number, spec: SinkSpec): Promise<void> {
  if (sinks === undefined || running.has(id)) return;
  const { kind, make } = sinks;
  const made = firstSink;
  // An object is the sink of all instances; of the others each has its own.
  if (kind !== "object") firstSink = undefined;
  const status = statusOf(id);
  const sink = new RunningSink(() => made === undefined ? make() : Promise.resolve(made), spec, {
    log: log(id),
    // What a sink says of itself once it is closed concerns nobody.
    status: (said, message) => running.has(id) && status.set(said, message),
  });
  running.set(id, { sink, flush: status.flush });
  const failure = await sink.opened;
  status.flush();
  denials.flush();
  send({ t: "opened", id, ...(failure === undefined ? {} : { failure: bounded(failure) }) });
}

async function collect({ id, ...items }: ToIsolate & { t: "collect" }): Promise<void> {
  const sink = running.get(id)?.sink;
  // The engine may hand over before it has heard that the sink is open.
  await sink?.opened;
  const result = await sink?.collect(decodeItems(items));
  if (result === undefined) return;
  denials.flush();
  send({ t: "collected", id, result: boundedResult(result) });
}

async function closeSink(id: number, deadlineMs: number): Promise<void> {
  const closing = running.get(id);
  await closing?.sink.close(deadlineMs);
  closing?.flush();
  running.delete(id);
  denials.flush();
  send({ t: "sink_closed", id });
}

function boundedResult(result: CollectResult): CollectResult {
  switch (result.kind) {
    case "taken":
      return { kind: "taken", refused: boundedItems(result.refused) };
    case "retry":
      return {
        ...result,
        message: cut(result.message, LIMITS.message),
        ...boundedSettled(result.settled),
      };
    case "failed": {
      const failure = bounded(result.failure);
      return { kind: "failed", failure, ...boundedSettled(result.settled) };
    }
    default:
      return { kind: result.kind, failure: bounded(result.failure) };
  }
}

function boundedItems(refused: readonly RefusedItem[]): RefusedItem[] {
  return refused.map(({ index, message }) => ({ index, message: cut(message, MOST_OF_ERROR) }));
}

function boundedSettled(settled: SettledItems | undefined): { settled?: SettledItems } {
  if (settled === undefined) return {};
  return { settled: { count: settled.count, refused: boundedItems(settled.refused) } };
}

/** Bundled libraries read `process.env`: it holds what was granted, and is silent about the rest. */
function fillEnv(granted: string[] | true): void {
  if (granted === true) Object.assign(captured.processEnv, captured.allEnv());
  else {
    for (const name of granted) {
      const value = captured.getEnv(name);
      if (value !== undefined) captured.processEnv[name] = value;
    }
  }
}

function start(id: number, spec: SourceSpec): void {
  if (factory === undefined || instances.has(id)) return;
  let closed = false;
  const status = statusOf(id);
  const close = (message: Omit<FromIsolate & { t: "closed" }, "t" | "id">) => {
    if (closed) return;
    closed = true;
    status.flush();
    denials.flush();
    instances.delete(id);
    send({ t: "closed", id, ...message });
  };
  const { make } = factory;
  const sent = new SentBytes();
  const instance = runSource(
    async () => {
      // The first credit is the next message, two turns away: without it tuples would only pile up.
      await new Promise<void>(endOfTurn);
      await new Promise<void>(endOfTurn);
      return await make();
    },
    spec,
    {
      batch(batch) {
        if (closed) return;
        try {
          const { maxTupleBytes } = spec;
          const { message, left } = encodeBatch(batch, { id, maxTupleBytes });
          sent.add(message.seq, bytesOf(message));
          send(message);
          // What was left out took credit of the instance, and the engine cannot know.
          if (left > 0) instance.grant(left, 0);
        } catch (error) {
          const failure = bounded(failureOf(error, "open"));
          instance.stop(0);
          close({
            end: { kind: "failed", failure },
            dropped: batch.dropped,
            oversize: batch.oversize,
          });
        }
      },
      log: log(id),
      status: status.set,
    },
    { sent, validate: true },
  );
  instances.set(id, instance);
  void instance.closed.then(({ end, state, dropped, oversize }) =>
    close({
      end: end.kind === "failed" ? { kind: "failed", failure: bounded(end.failure) } : end,
      dropped,
      oversize,
      ...(state === undefined ? {} : { state: stringify(state) }),
    })
  );
}

/** A source may say how it stands with every tuple: the engine hears the last of each short while. */
function statusOf(id: number): { set: SourceEvents["status"]; flush(): void } {
  let wanted: { status: ConnectionStatus; message: string } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told = "";
  let last = -Infinity;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (wanted === undefined) return;
    const { status, message } = wanted;
    wanted = undefined;
    const said = `${status} ${message}`;
    if (said === told) return;
    told = said;
    last = now();
    send({ t: "status", id, status, message });
  };
  return {
    set(status, message) {
      if (!STATUSES.includes(status)) {
        // To the author, who wrote it; the engine would take it for an attack.
        throw new TypeError(
          `Cannot tell the status ${captured.inspect([status])}: expected ${oneOf(STATUSES)}`,
        );
      }
      wanted = { status, message: cut(message, LIMITS.message) };
      const wait = last + STATUS_INTERVAL_MS - now();
      if (wait <= 0) flush();
      else timer ??= setTimeout(flush, wait);
    },
    flush,
  };
}

/** What is not wanted whole does not cross whole. */
function bounded(failure: SourceFailure): SourceFailure {
  const { step, name, message, stack } = failure;
  return {
    step,
    name: cut(name, LIMITS.name),
    message: cut(message, LIMITS.message),
    ...(stack === undefined ? {} : { stack: cut(stack, LIMITS.stack) }),
  };
}
