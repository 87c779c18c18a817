// The process of a plugin that is none: it answers as one would, and reports the usage that its test gives it, as
// [milliseconds of its clock, milliseconds of the processor], with the first call or collect.
import { type FrameKey, FrameReader, FrameWriter } from "../../../src/loader/process_frames.ts";
import { encodeAnswers } from "../../../src/loader/call_codec.ts";

const usages = JSON.parse(Deno.args[0]!) as [atMs: number, cpuMs: number][];
const out = new FrameWriter(async (bytes) => {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}, () => {});

function report(): void {
  for (const [atMs, cpuMs] of usages.splice(0)) {
    out.send(0, { t: "usage", rssBytes: 1e7, cpuMs, atMs });
  }
}

const frames = new FrameReader();
for await (const bytes of Deno.stdin.readable) {
  frames.push(bytes, (id, message) => {
    switch (message.t) {
      case "setup":
        out.key = message.key as FrameKey;
        break;
      case "load":
        out.send(id, { t: "loaded", kind: "function", exportName: "mine", takes: "rows" });
        break;
      case "sink_start":
        out.send(id, { t: "opened", id: message.id });
        break;
      case "collect":
        report();
        out.send(id, { t: "collected", id: message.id, result: { kind: "taken", refused: [] } });
        break;
      case "call":
        report();
        out.send(id, { t: "results", id: message.id, ...encodeAnswers([{ value: 1 }]) });
        break;
    }
  });
}
