import { fail } from "../core/mod.ts";
import type { CreateStream } from "../sql/mod.ts";
import type { Call, Command } from "./command.ts";
import type { Engine } from "./engine.ts";
import { follow } from "./follow.ts";
import { interruptible } from "./interruptible.ts";
import { openEngine } from "./open_engine.ts";
import { OUTPUT_FLAGS, outputOf } from "./output_flags.ts";

/** `kuiper run NAME`. */
export const command: Command = {
  words: "run",
  usage: [
    "NAME [--limit N] [--format table|ndjson] [--meta]",
    "-f FILE [NAME] [--limit N] [--format table|ndjson] [--meta]",
  ],
  about: `Run a stream and print its tuples as they arrive, until the input ends, --limit tuples are
printed or it is stopped: Ctrl-C (or SIGTERM) stops gracefully, twice at once. With -f the stream
is one of a file of CREATE STREAM statements, and nothing is stored.

As ndjson a line is the tuple's message; with --meta it is
{"stream":…,"timestamp":…,"message":…,"meta":…}. The exit code is 1 when the source fails.`,
  positionals: [{ name: "NAME", optional: true }],
  flags: [
    { name: "file", short: "f", value: "FILE", doc: "take the stream from a file of statements" },
    ...OUTPUT_FLAGS,
  ],
  examples: [
    ["kuiper run demo", "the tuples of a stream that was created before"],
    ["kuiper run demo --limit 10 --meta", "ten tuples, with what the source says about them"],
    ["kuiper run -f streams.sql demo > demo.ndjson", "a stream of a file, into a file"],
  ],
  run(call) {
    if (call.args.length === 0 && call.flags.text("file") === undefined) {
      throw fail("usage", 'NAME is missing: which stream? ("kuiper show streams" lists them)');
    }
    // Wrong flags are refused before anything is opened.
    outputOf(call);
    return interruptible(call, (stop) => run(call, stop));
  },
};

async function run(call: Call, stop: AbortSignal): Promise<number> {
  await using engine = await openEngine(call);
  const { definition, stored } = await definitionOf(call, engine);
  const { printer, limit } = outputOf(call, { declared: declaredColumns(definition) });
  await using run = await engine.run(definition, { stored });
  await follow([run], { terminal: call.terminal, printer, limit, stop });
  return 0;
}

async function definitionOf(
  { args, flags }: Call,
  engine: Engine,
): Promise<{ definition: CreateStream; stored: boolean }> {
  const [name] = args;
  const file = flags.text("file");
  if (file === undefined) return { definition: await engine.stream(name ?? ""), stored: true };
  const { pickDefinition, readDefinitions } = await import("./definitions.ts");
  const definition = pickDefinition(await readDefinitions(file), { file, name });
  return { definition, stored: false };
}

function declaredColumns({ columns }: CreateStream): { name: string; numeric: boolean }[] {
  return columns.map(({ name, type }) => ({
    name,
    numeric: type.kind === "bigint" || type.kind === "float",
  }));
}
