/**
 * The limit of row A: the mqtt client with a handler that does nothing. It reads on from its first message when its
 * input ends. Arguments: address, number of messages.
 */
import { connectAsync } from "mqtt";
import { inputEnded } from "../child.ts";
import { Meter } from "./meter.ts";

const [url = "", total = "0"] = Deno.args;
const meter = new Meter(Number(total));
const client = await connectAsync(url, { clean: true });
client.handleMessage = (_packet, first) => {
  client.handleMessage = (_packet, done) => {
    const result = meter.add(1);
    if (result !== undefined) {
      console.log(JSON.stringify(result));
      client.end(true);
    }
    done();
  };
  void inputEnded().then(() => {
    meter.add(1);
    first();
  });
};
await client.subscribeAsync("bench/#", { qos: 0 });
console.log(JSON.stringify("subscribed"));
