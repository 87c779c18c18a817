/**
 * What an isolate or a plugin's process may send, and what they may be sent: random and mutated, both ways. Nothing but
 * a ProtocolError may come of it. The names show the seed; KUIPER_FUZZ_SEED repeats a run.
 */
import { assert, assertEquals } from "@std/assert";
import { NO_META, silentLogger } from "../../../src/core/mod.ts";
import { decodeBatch, encodeBatch } from "../../../src/loader/batch_codec.ts";
import { Isolate } from "../../../src/loader/isolate.ts";
import type { PortEvents } from "../../../src/loader/isolate_port.ts";
import { FrameReader, FrameWriter } from "../../../src/loader/process_frames.ts";
import { ownLaunch } from "../../../src/loader/process_launch.ts";
import { readFromProcess } from "../../../src/loader/process_protocol.ts";
import { ProtocolError, readMessage, readOffset, readState } from "../../../src/loader/protocol.ts";
import { bootWorker, listenTo } from "../../../src/loader/worker_port.ts";
import { anyValue, Dice, fuzzSeed, mutate, mutateBytes } from "../../fakes/fuzz.ts";
import { linkText, Run, source, SPEC } from "./_plugin.ts";

const SEED = fuzzSeed();

/** A test of `times` inputs, each taken (true) or refused (false) where that is told; what fails names the one. */
function fuzz(
  name: string,
  times: number,
  run: (dice: Dice) => boolean | void | Promise<void>,
): void {
  Deno.test(`${name} (${times} times, KUIPER_FUZZ_SEED=${SEED})`, async () => {
    const before = heldBytes();
    const seen = { true: 0, false: 0, undefined: 0 };
    for (let nth = 0; nth < times; nth++) {
      try {
        const done = run(new Dice(SEED + nth * 7919));
        seen[`${await done as boolean | undefined}`]++;
      } catch (error) {
        throw new Error(`Input ${nth} of KUIPER_FUZZ_SEED=${SEED}`, { cause: error });
      }
    }
    // A fuzzer that is always refused, or never, tries nothing.
    const { true: taken, false: refused } = seen;
    if (taken + refused > 0) assert(Math.min(taken, refused) > times / 20, `${taken}, ${refused}`);
    // Whatever came, nothing of it is kept. Generous: nothing forces a collection.
    const grownBytes = heldBytes() - before;
    assert(grownBytes < 400e6, `grew by ${Math.round(grownBytes / 1e6)} MB`);
  });
}

/** Of this thread alone: other tests run beside it. */
function heldBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Call it; a ProtocolError is as good as an answer. */
function only<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

const { message: BATCH } = encodeBatch({
  seq: 1,
  tuples: [
    { message: { a: 1, big: 2n ** 70n, at: new Date(5) }, meta: NO_META, timestamp: 5 },
    { message: null, meta: { topic: "t" }, timestamp: 6, payload: new Uint8Array([1, 2]) },
    { message: { list: [1, { b: "é" }] }, meta: NO_META, timestamp: 7 },
  ],
  hasPayloads: true,
  dropped: 0,
  oversize: 0,
  offset: { at: 3 },
  state: { put: { k: [1] }, deleted: ["l"] },
  special: true,
}, { id: 1, maxTupleBytes: 0 });

const FROM_ISOLATE = [
  BATCH,
  BATCH,
  BATCH,
  { t: "log", id: 1, level: "info", message: "hello" },
  { t: "status", id: 1, status: "connected", message: "" },
  { t: "closed", id: 1, end: { kind: "done" }, state: "{}", dropped: 0, oversize: 0 },
  { t: "closed", id: 1, end: { kind: "back_off", message: "m", ms: 5 }, dropped: 0, oversize: 0 },
  {
    t: "closed",
    id: 1,
    end: { kind: "failed", failure: { step: "open", name: "E", message: "m", stack: "s" } },
    dropped: 1,
    oversize: 2,
  },
  { t: "loaded", kind: "class", exportName: "Mine", manifest: '{"contract":1}' },
  { t: "failed", failure: { step: "load", name: "E", message: "m" } },
  { t: "denied", counts: { 'Requires net access to "a:1", run': 2 }, more: 0 },
  { t: "pong", sign: 7 },
];
const FROM_PROCESS = [
  { t: "usage", rssBytes: 1e8, cpuMs: 5, atMs: 6 },
  { t: "broken", id: 1, name: "Error", what: "ended" },
  { t: "stuck", id: 1 },
];
const TO_ISOLATE: object[] = [
  { t: "load", role: "source", text: "export default []", type: "mine", nodeModules: [], env: [] },
  { t: "start", id: 1, spec: SPEC },
  { t: "grant", id: 1, credit: 5, doneThrough: 0 },
  { t: "stop", id: 1, deadlineMs: 5 },
  { t: "ping", sign: 7 },
];
const TO_PROCESS: object[] = [
  { t: "setup", type: "mine", permissions: {}, memoryBytes: 5e8, watchdogMs: 10_000 },
  { t: "open", id: 1 },
  { t: "close", id: 1 },
];

/** The frame of a message. */
async function frameOf(id: number, message: object): Promise<Uint8Array> {
  let frame = new Uint8Array();
  const writer = new FrameWriter((bytes) => {
    frame = bytes.slice();
    return Promise.resolve();
  }, () => {});
  writer.send(id, message);
  await writer.flushed();
  return frame;
}

// -- What the engine reads --

fuzz("readMessage() and decodeBatch() survive any message", 100_000, (dice) => {
  const data = dice.upTo(10) === 0 ? anyValue(dice) : mutate(dice.of(FROM_ISOLATE), dice);
  const took = only(() => {
    const message = readMessage(data);
    if (message.t !== "batch") return true;
    const { tuples } = decodeBatch(message);
    assertEquals(tuples.length, message.count);
    for (const { message, payload } of tuples) {
      assertEquals(message === null, payload !== undefined);
    }
    if (message.offset !== undefined) readOffset(message.offset);
    if (message.state !== undefined) readState(message.state);
    return true;
  });
  assertEquals(Object.keys(Object.prototype), []);
  return took === true;
});

const FRAMES = await Promise.all([
  ...FROM_ISOLATE.map((message) => frameOf(1, message)),
  ...FROM_PROCESS.map((message) => frameOf(0, message)),
]);

fuzz("FrameReader.push() survives any bytes, however they are cut", 50_000, (dice) => {
  const frames = new FrameReader();
  const parts = Array.from({ length: 1 + dice.upTo(3) }, () => dice.of(FRAMES));
  const whole = new Uint8Array(parts.flatMap((part) => [...part]));
  const bytes = dice.upTo(20) === 0
    ? Uint8Array.from({ length: dice.upTo(200) }, () => dice.upTo(256))
    : mutateBytes(whole, dice);
  only(() => {
    for (let at = 0; at < bytes.length;) {
      const length = 1 + dice.upTo(dice.of([4, 64, 4096]));
      frames.push(bytes.slice(at, at + length), (id, message) => {
        if (id === 0) only(() => readFromProcess(message));
        else only(() => readMessage(message));
      });
      at += length;
    }
  });
});

fuzz("Isolate ends for whatever breaks a rule, and its instances with it", 5000, async (dice) => {
  let events: PortEvents | undefined;
  let closed = 0;
  const isolate = new Isolate({ type: "mine", permissions: {}, log: silentLogger }, (given) => {
    events = given;
    return {
      neverWaits: "waits",
      endsCode: true,
      post() {},
      close: () => Promise.resolve(void closed++),
    };
  });
  if (dice.upTo(4) > 0) {
    const loading = isolate.load({ text: "", maps: [], nodeModules: [] });
    events!.message({ t: "loaded", kind: "object", exportName: "mine" });
    await loading;
  }
  const run = new Run(isolate);
  for (let n = 0; n < 20; n++) {
    const good = dice.of(FROM_ISOLATE);
    events!.message(dice.upTo(3) === 0 ? mutate(good, dice) : { ...good, seq: n + 1 });
  }
  await isolate[Symbol.asyncDispose]();
  await run.instance.closed;
  assertEquals(closed, 1);
});

// -- What an isolate and a process read --

Deno.test(`boot answers after 5000 messages that are none (KUIPER_FUZZ_SEED=${SEED})`, async () => {
  const dice = new Dice(SEED);
  const worker = bootWorker("mine", {});
  const pong = Promise.withResolvers<void>();
  const broken: string[] = [];
  let asked = false;
  listenTo(worker, {
    message(data) {
      // An id that it was given and that is none comes back.
      const message = only(() => readMessage(data));
      if (message?.t === "pong" && asked) pong.resolve();
    },
    broken: (name, what) => {
      broken.push(`${name}: ${what}`);
      pong.resolve();
    },
  });
  try {
    const code = await linkText(source(`for (let i = 0; i < 3; i++) yield { message: { i } };`));
    const load = { ...TO_ISOLATE[0], text: code.text };
    for (let n = 0; n < 5000; n++) {
      const good = n % 500 === 0 ? load : dice.of(TO_ISOLATE);
      worker.postMessage(dice.upTo(20) === 0 ? anyValue(dice) : mutate(good, dice));
      // So that what is begun has its turn too.
      if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    asked = true;
    worker.postMessage({ t: "ping", sign: 7 });
    await pong.promise;
    assertEquals(broken, []);
  } finally {
    worker.onmessage = null;
    worker.terminate();
  }
});

Deno.test(`runIsolateChild() ends in order after 4000 frames that are none (KUIPER_FUZZ_SEED=${SEED})`, async () => {
  const good = await Promise.all([
    ...TO_ISOLATE.map((message) => frameOf(1, message)),
    ...TO_PROCESS.map((message) => frameOf(0, message)),
  ]);
  const { command, args, env } = ownLaunch({});
  for (let nth = 0; nth < 8; nth++) {
    const dice = new Dice(SEED + nth);
    const child = new Deno.Command(command, {
      args: [...args],
      env,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const output = child.output();
    const writer = child.stdin.getWriter();
    try {
      // The first words are as they should be in half of them.
      if (nth % 2 === 0) await writer.write(good[TO_ISOLATE.length]!);
      for (let n = 0; n < 500; n++) {
        const id = dice.upTo(3);
        const message = mutate(dice.of(id === 0 ? TO_PROCESS : TO_ISOLATE), dice);
        const isObject = message !== null && typeof message === "object";
        const frame = await frameOf(id, isObject ? plain(message) : {});
        // A frame that is none ends it at once, so most are well formed and only say strange things.
        await writer.write(dice.upTo(200) === 0 ? mutateBytes(frame, dice) : frame);
      }
    } catch {
      // It has had enough, and has ended.
    }
    await writer.close().catch(() => {});
    const { code, signal, stdout } = await output;
    assertEquals([signal, code], [null, 0], `child ${nth} of KUIPER_FUZZ_SEED=${SEED}`);
    assert(stdout.length < 10_000_000);
  }
});

/** What JSON can say of it. */
function plain(message: object): object {
  return JSON.parse(
    JSON.stringify(message, (_, value) => typeof value === "bigint" ? `${value}` : value) ?? "{}",
  );
}
