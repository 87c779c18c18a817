/** A broker for row A where mosquitto is not installed. Prints its address and stays until its input ends. */
import { startFakeBroker } from "../../fakes/mod.ts";
import { inputEnded } from "../child.ts";

await using broker = await startFakeBroker();
console.log(JSON.stringify(broker.url));
await inputEnded();
