import { assertEquals, assertThrows } from "@std/assert";
import { NO_META } from "../../../src/core/mod.ts";
import { MOST_SENT_BYTES, type SourceBatch, type StateChanges } from "../../../src/contract/mod.ts";
import { encodeBatch } from "../../../src/loader/batch_codec.ts";
import { ProtocolError } from "../../../src/loader/protocol.ts";
import { RemoteInstance } from "../../../src/loader/remote_instance.ts";
import { SPEC } from "./_plugin.ts";

/** The engine's side of an instance, with what it took. */
function remote(): { instance: RemoteInstance; taken: SourceBatch[] } {
  const taken: SourceBatch[] = [];
  const events = { batch: (batch: SourceBatch) => void taken.push(batch), log() {}, status() {} };
  const instance = new RemoteInstance(1, SPEC, { events, link: { post() {}, overdue() {} } });
  instance.grant(1000, 0);
  return { instance, taken };
}

/** A batch of one tuple, as an isolate says it. */
const batchOf = (seq: number, state: StateChanges) => {
  const tuples = [{ message: { seq }, meta: NO_META, timestamp: 1 }];
  const batch = { seq, tuples, hasPayloads: false, dropped: 0, oversize: 0, special: false, state };
  return encodeBatch(batch, { id: 1, maxTupleBytes: 0 }).message;
};

const put = (key: string) => ({ put: { [key]: "x".repeat(1e6) }, deleted: [] });

Deno.test("RemoteInstance takes no state that grows without end", () => {
  const { instance, taken } = remote();
  for (let i = 1; i <= 20; i++) instance.receive(batchOf(i, put("always the same")));
  for (let i = 21; i <= 34; i++) instance.receive(batchOf(i, put(`k${i}`)));
  assertThrows(
    () => instance.receive(batchOf(35, put("k35"))),
    ProtocolError,
    "sent too much state: the state of an instance would have 16000",
  );
  assertEquals(taken.length, 34);
  const { instance: keys } = remote();
  const many = (from: number) =>
    Object.fromEntries(Array.from({ length: 6000 }, (_, i) => [`k${from + i}`, i]));
  keys.receive(batchOf(1, { put: many(0), deleted: [] }));
  assertThrows(
    () =>
      keys.receiveClosed({
        end: { kind: "done" },
        dropped: 0,
        oversize: 0,
        state: JSON.stringify({ put: many(6000), deleted: [] }),
      }),
    ProtocolError,
    "would have 12000 keys, at most are 10000",
  );
});

Deno.test("RemoteInstance takes no more bytes than may wait, until they are taken", () => {
  const payload = new Uint8Array(MOST_SENT_BYTES / 4);
  const large = (seq: number) => {
    const tuples = [{ message: null, meta: NO_META, timestamp: 1, payload }];
    const batch = { seq, tuples, hasPayloads: true, dropped: 0, oversize: 0, special: false };
    return encodeBatch(batch, { id: 1, maxTupleBytes: 0 }).message;
  };
  const { instance, taken } = remote();
  for (let seq = 1; seq <= 4; seq++) instance.receive(large(seq));
  // What tells only what was dropped has no bytes.
  const lost = { seq: 5, tuples: [], hasPayloads: false, dropped: 1, oversize: 0, special: false };
  instance.receive(encodeBatch(lost, { id: 1, maxTupleBytes: 0 }).message);
  instance.grant(0, 1);
  instance.receive(large(6));
  assertThrows(
    () => instance.receive(large(7)),
    ProtocolError,
    "sent more than 67108864 bytes that nobody has taken",
  );
  assertThrows(() => instance.receive(batchOf(7, put("k"))), ProtocolError, "nobody has taken");
  assertEquals(taken.length, 6);
});

Deno.test("RemoteInstance hears of no deletion of what was not there", () => {
  const { instance, taken } = remote();
  instance.receive(batchOf(1, { put: { a: 1 }, deleted: ["never"] }));
  instance.receive(batchOf(2, { put: {}, deleted: ["a", "nor this"] }));
  assertEquals(taken.map(({ state }) => state?.deleted), [[], ["a"]]);
});
