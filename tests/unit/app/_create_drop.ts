// Creates, runs and drops rules as often as its argument says, and prints what is open before and after.
import { collect, memoryStream, publish, startRules } from "./_rules.ts";

await using site = await startRules();
await site.app.createStream(memoryStream("own", "in"));
await site.app.createStream(memoryStream("shared", "in", ', SHARED="true"'));
using out = collect("out");

async function once(i: number): Promise<void> {
  const ids = ["own", "shared"].map((stream) => `${stream}_${i}`);
  for (const id of ids) {
    await site.rules.create({
      id,
      sql: `SELECT n + ${i} AS n FROM ${id.split("_")[0]} WHERE n > 0`,
      actions: [{ memory: { topic: "out" } }, { nop: {} }],
    });
  }
  out.rows.length = 0;
  await publish("in", [{ n: 1 }], 2);
  await out.have(2);
  for (const id of ids) await site.rules.drop(id);
}

function open(): { files: number; heap: number } {
  (globalThis as { gc?: () => void }).gc!();
  const files = Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : 0;
  return { files, heap: Deno.memoryUsage().heapUsed };
}

for (let i = 0; i < 20; i++) await once(i);
const before = open();
for (let i = 0; i < Number(Deno.args[0]); i++) await once(i);
console.log(JSON.stringify({ before, after: open(), left: site.rules.list() }));
