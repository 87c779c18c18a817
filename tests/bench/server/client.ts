/** The limit of row G: one connected mqtt client and nothing else. Argument: address. */
import { connectAsync } from "mqtt";

const client = await connectAsync(Deno.args[0]!, { clean: true });
await client.subscribeAsync("bench/#", { qos: 0 });
console.log("connected");
