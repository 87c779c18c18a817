import { fromFileUrl, join } from "@std/path";
import { compileText } from "../../../src/dev/compile.ts";
import { TextLineStream } from "../../fakes/text_lines.ts";
import { compileWay, runAll, type RuntimeOptions, withBinary } from "../binary.ts";
import { type Bound, judge, type Row } from "../measure.ts";
import { residentMb } from "../memory/process.ts";
import { startBroker } from "../mqtt/row.ts";

const ROUNDS = 5;
/** How long both hold their connection before they are looked at. */
const IDLE_MS = 3000;
const BOUND: Bound = { atMostPlus: 15 };
const SUBJECT = { row: "G", what: "server with one idle mqtt stream, RSS", unit: "MB" };

/** Row G: what the server holds with one rule over a stream of MQTT, against a program with one mqtt client. */
export async function measureServer(options: RuntimeOptions): Promise<Row[]> {
  return await withBinary({ subject: SUBJECT, bound: BOUND }, async ({ binary, folder }) => {
    await using broker = await startBroker();
    const client = join(folder, "client");
    const args = ["--allow-net", "--allow-env", "--allow-read"];
    await compileText(await bundled("client.ts"), { ...compileWay(options), out: client, args });
    await prepare(binary, folder, broker.url);
    const bare: number[] = [];
    const server: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(
        await idleMb({ program: client, args: [broker.url], cwd: folder, says: /connected/ }),
      );
      server.push(
        await idleMb({ program: binary, args: ["serve"], cwd: folder, says: /serving on/ }),
      );
    }
    const note = `${IDLE_MS / 1000} s after the start, ${broker.name}; base: a compiled program ` +
      "with one connected mqtt client";
    return judge({ ...SUBJECT, note }, BOUND, { base: bare, measured: server });
  });
}

/** A stream and a rule over it in the base directory. */
async function prepare(binary: string, base: string, broker: string): Promise<void> {
  await Deno.mkdir(join(base, "etc"));
  await Deno.writeTextFile(join(base, "etc", "kuiper.yaml"), "basic:\n  restPort: 0\n");
  await Deno.writeTextFile(
    join(base, "etc", "mqtt_source.yaml"),
    `default:\n  server: ${broker}\n`,
  );
  const rule = JSON.stringify({ sql: "SELECT * FROM idle", actions: [{ nop: {} }] });
  await runAll(binary, base, [
    ["create", "stream", "idle", '() WITH (DATASOURCE="bench/#")'],
    ["create", "rule", "idle", rule],
  ]);
}

/** Megabytes of a program that has said what it says, and then waited. */
export async function idleMb(options: {
  program: string;
  args: string[];
  cwd: string;
  says: RegExp;
}): Promise<number> {
  const { program, args, cwd, says } = options;
  const process = new Deno.Command(program, {
    args,
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = Promise.withResolvers<void>();
  const watch = async (stream: ReadableStream<Uint8Array>) => {
    for await (const line of stream.pipeThrough(new TextLineStream())) {
      if (says.test(line)) said.resolve();
    }
  };
  const watching = Promise.all([watch(process.stdout), watch(process.stderr)]).then(() =>
    said.reject(new Error(`${program} ended without a word`))
  );
  try {
    await said.promise;
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    return await residentMb(process.pid);
  } finally {
    process.kill("SIGTERM");
    await process.status;
    await watching.catch(() => {});
  }
}

async function bundled(script: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--frozen", fromFileUrl(new URL(script, import.meta.url))],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
