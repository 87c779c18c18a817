import { join } from "@std/path";
import { compileText } from "../../../src/dev/compile.ts";
import { compileWay, runAll, type RuntimeOptions, withBinary } from "../binary.ts";
import { type Bound, judge, type Row } from "../measure.ts";
import { idleMb } from "../server/row.ts";

const ROUNDS = 3;
const MORE = 8;
const BOUND: Bound = { atMostPlus: 3 };
const SUBJECT = { row: "E", what: "one more worker instance in the binary, RSS", unit: "MB" };

/** The base: what one more Worker takes that does nothing, in a compiled program. */
const BARE = `const text = "postMessage(0); onmessage = () => {};";
async function start() {
  const worker = new Worker("data:text/javascript," + encodeURIComponent(text), {
    type: "module",
    deno: { permissions: "none" },
  });
  await new Promise((resolve) => worker.onmessage = resolve);
}
await start();
const before = Deno.memoryUsage().rss;
for (let i = 0; i < ${MORE}; i++) await start();
console.log((Deno.memoryUsage().rss - before) / 1e6 / ${MORE});
Deno.exit(0);
`;

const PLUGIN = `export class Calm {
  configure() {}
  async *open(ctx) {
    yield { message: { n: 1 } };
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  }
}
`;

/** Row E, its worker part, of the program as it is given away: servers with one rule over a plugin and with more. */
export async function measureBinaryInstances(options: RuntimeOptions): Promise<Row[]> {
  return await withBinary({ subject: SUBJECT, bound: BOUND }, async ({ binary, folder }) => {
    const program = join(folder, "bare");
    const args = ["--unstable-worker-options"];
    await compileText(BARE, { ...compileWay(options), out: program, args });
    const [one, many] = [join(folder, "one"), join(folder, "many")];
    await prepare(binary, one, 1);
    await prepare(binary, many, 1 + MORE);
    const bare: number[] = [];
    const instances: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { stdout } = await new Deno.Command(program).output();
      bare.push(Number(new TextDecoder().decode(stdout)));
      const server = { program: binary, args: ["serve"], says: /serving on/ };
      const few = await idleMb({ ...server, cwd: one });
      instances.push((await idleMb({ ...server, cwd: many }) - few) / MORE);
    }
    const note =
      `servers with 1 and with ${1 + MORE} rules over a plugin, the difference divided; ` +
      "base: a bare Worker in a compiled program";
    return judge({ ...SUBJECT, note }, BOUND, { base: bare, measured: instances });
  });
}

/** A base directory with so many rules, each over a stream of its own. */
async function prepare(binary: string, base: string, rules: number): Promise<void> {
  await Deno.mkdir(join(base, "etc"), { recursive: true });
  await Deno.mkdir(join(base, "plugins", "sources"), { recursive: true });
  await Deno.writeTextFile(join(base, "etc", "kuiper.yaml"), "basic:\n  restPort: 0\n");
  await Deno.writeTextFile(join(base, "plugins", "sources", "Calm.js"), PLUGIN);
  const names = Array.from({ length: rules }, (_, i) => `s${i}`);
  await runAll(
    binary,
    base,
    names.flatMap((name) => [
      ["create", "stream", name, '() WITH (TYPE="calm")'],
      ["create", "rule", name, `{"sql": "SELECT * FROM ${name}", "actions": [{"nop": {}}]}`],
    ]),
  );
}
