/** Publishes at a steady rate. Arguments: address, messages in a second, seconds. */
import { connectAsync } from "mqtt";

const [url = "", rate = "0", seconds = "0"] = Deno.args;
const client = await connectAsync(url, { clean: true });
const total = Number(rate) * Number(seconds);
const started = performance.now();
for (let sent = 0; sent < total;) {
  const due = Math.min(total, Math.floor((performance.now() - started) * Number(rate) / 1000));
  for (; sent < due; sent++) {
    client.publish("bench/row", `{"id":${sent},"temperature":${sent % 100}.5,"humidity":60.25}`);
  }
  await new Promise((resolve) => setTimeout(resolve, 4));
}
await client.endAsync();
console.log(JSON.stringify("published"));
