import { assertEquals } from "@std/assert";
import { waitingLine } from "../../../src/cli/waiting.ts";
import type { RunStatus } from "../../../src/cli/engine.ts";
import { FakeRun } from "./fake_io.ts";

const idle = new FakeRun().status();
const lost = {
  status: "disconnected",
  message: "Cannot reach tcp://b:1883: nothing listens there",
};

const LINES: readonly [what: string, status: Partial<RunStatus>, line: string][] = [
  ["the stream's state when nothing else is known", {}, "running, 0 messages after 5 s"],
  [
    "the connection's words while it starts",
    { state: "starting", connection: lost },
    "Cannot reach tcp://b:1883: nothing listens there, 0 messages after 5 s",
  ],
  [
    "the connection's status when it has no words",
    { connection: { status: "connecting", message: "" } },
    "connecting, 0 messages after 5 s",
  ],
  [
    "why it is opened again",
    { state: "reopening", message: "gone; opening again in 8 s", connection: lost },
    "gone; opening again in 8 s, 0 messages after 5 s",
  ],
  [
    "what became of the messages that came",
    { metrics: { ...idle.metrics, records_in_total: 3, decode_errors_total: 3 } },
    "running, 3 messages, 0 dropped, 3 decode errors after 5 s",
  ],
];
for (const [what, status, line] of LINES) {
  Deno.test(`waitingLine() says ${what}`, () => {
    assertEquals(waitingLine({ ...idle, ...status }, 5_000), line);
  });
}
