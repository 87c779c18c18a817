/**
 * Row A: a stream over the mqtt source, iterated from when its input ends. Arguments: address, number of messages.
 */
import { openApp } from "../app.ts";
import { inputEnded } from "../child.ts";
import { Meter } from "./meter.ts";

const [url = "", total = "0"] = Deno.args;
const meter = new Meter(Number(total));
await using bench = await openApp({
  // The buffer is full when the reading begins: what is measured is the way through it, not how much it holds.
  "etc/mqtt_source.yaml": `default:\n  server: "${url}"\n  qos: 0\n  bufferLength: 4096\n`,
});
await using run = await bench.run('() WITH (DATASOURCE="bench/#", TYPE="mqtt", FORMAT="json")');
// The status is polled because it may be reached without any message.
const poll = setInterval(() => {
  if (run.status().connection?.status !== "connected") return;
  clearInterval(poll);
  console.log(JSON.stringify("subscribed"));
}, 5);
await inputEnded();
for await (const batch of run) {
  const result = meter.add(batch.tuples.length);
  if (result === undefined) continue;
  console.log(JSON.stringify(result));
  break;
}
