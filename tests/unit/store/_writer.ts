// A process that is killed by its test: it stores definitions and says the name of each that is stored.
import { openStore } from "../../../src/store/mod.ts";

const store = await openStore(Deno.args[0]!, { owner: "kuiper test writer" });
const encoder = new TextEncoder();
for (let i = 0;; i++) {
  const name = `stream_${i}`;
  store.streams.put({
    name,
    statement: `CREATE STREAM ${name} () -- ${"x".repeat(i % 3000)}`,
    created: i,
  });
  store.state.save(name, { put: { n: i, twice: 2 * i }, offset: { at: i } });
  Deno.stdout.writeSync(encoder.encode(`${name}\n`));
}
