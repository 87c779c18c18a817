// Starts and stops a stream over a process as often as its argument says, and prints what is open before and after.
import { endOfTurn } from "../../../src/core/mod.ts";
import { startApp, stream, TICK } from "./_app.ts";

await using site = await startApp({ "/tick.js": TICK });

async function once(): Promise<void> {
  {
    await using run = await site.app.run(stream("tick"));
    for await (const _ of run) break;
  }
  // What others see of it is taken back right behind its end.
  await new Promise<void>(endOfTurn);
}

function open(): { files: number; rss: number } {
  const files = Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : 0;
  return { files, rss: Deno.memoryUsage().rss };
}

for (let i = 0; i < 3; i++) await once();
const before = open();
for (let i = 0; i < Number(Deno.args[0]); i++) await once();
console.log(JSON.stringify({ before, after: open() }));
