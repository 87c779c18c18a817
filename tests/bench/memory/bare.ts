/** The limit of row E: megabytes that one more bare Worker takes. Argument: how many more. */
import { rssMb } from "./rss.ts";

const more = Number(Deno.args[0]);
const workers: Worker[] = [];
await startWorker();
const before = rssMb();
for (let i = 0; i < more; i++) await startWorker();
console.log(JSON.stringify((rssMb() - before) / more));
for (const worker of workers) worker.terminate();

function startWorker(): Promise<void> {
  const url = `data:text/javascript,${encodeURIComponent("postMessage(0); onmessage = () => {};")}`;
  const worker = new Worker(url, { type: "module", deno: { permissions: "none" } });
  workers.push(worker);
  return new Promise((resolve) => worker.onmessage = () => resolve());
}
