import { fail } from "../core/mod.ts";
import type { CreateStream } from "../sql/mod.ts";
import type { Call, Command } from "./command.ts";
import type { Engine } from "./engine.ts";
import { follow } from "./follow.ts";
import { interruptible } from "./interruptible.ts";
import { FROZEN_FLAG, openEngine } from "./open_engine.ts";
import { OUTPUT_FLAGS, outputOf } from "./output_flags.ts";

/** `kuiper run NAME`. */
export const command: Command = {
  words: "run",
  usage: [
    "NAME [--limit N] [--format table|ndjson] [--meta]",
    "-f FILE [NAME] [--limit N] [--format table|ndjson] [--meta]",
    "--type TYPE [--datasource D] [--conf-key K] [--limit N] [--format table|ndjson] [--meta]",
  ],
  about: `Run a stream and print its tuples as they arrive, until the input ends, --limit tuples are
printed or it is stopped: Ctrl-C (or SIGTERM) stops gracefully, twice at once. With -f the stream
is one of a file of CREATE STREAM statements; with --type it is one over that source as it is. With
both nothing is stored.

As ndjson a line is the tuple's message; with --meta it is
{"stream":…,"timestamp":…,"message":…,"meta":…}. The exit code is 1 when the source fails.`,
  positionals: [{ name: "NAME", optional: true }],
  flags: [
    { name: "file", short: "f", value: "FILE", doc: "take the stream from a file of statements" },
    { name: "type", value: "TYPE", doc: "run a source with no stream defined" },
    { name: "datasource", value: "D", doc: "with --type: the DATASOURCE to give it" },
    { name: "conf-key", value: "K", doc: "with --type: the section of its yaml to use" },
    ...OUTPUT_FLAGS,
    FROZEN_FLAG,
  ],
  examples: [
    ["kuiper run demo", "the tuples of a stream that was created before"],
    ["kuiper run demo --limit 10 --meta", "ten tuples, with what the source says about them"],
    ["kuiper run -f streams.sql demo > demo.ndjson", "a stream of a file, into a file"],
    ["kuiper run --type random --limit 3", "what a source yields"],
  ],
  run(call) {
    const { args, flags } = call;
    const [file, type] = [flags.text("file"), flags.text("type")];
    if (type !== undefined && (args.length > 0 || file !== undefined)) {
      throw fail("usage", "--type runs a source with no stream defined: leave out NAME and --file");
    }
    if (type === undefined) {
      const lone = ["datasource", "conf-key"].find((name) => flags.text(name) !== undefined);
      if (lone !== undefined) throw fail("usage", `--${lone} goes with --type only`);
    }
    if (args.length === 0 && file === undefined && type === undefined) {
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
  const type = flags.text("type");
  if (type !== undefined) return { definition: await definitionOver(type, flags), stored: false };
  const file = flags.text("file");
  if (file === undefined) return { definition: await engine.stream(name ?? ""), stored: true };
  const { pickDefinition, readDefinitions } = await import("./definitions.ts");
  const definition = pickDefinition(await readDefinitions(file), { file, name });
  return { definition, stored: false };
}

/** A stream over a source as it is. */
async function definitionOver(type: string, flags: Call["flags"]): Promise<CreateStream> {
  const { DEFAULT_STREAM_OPTIONS } = await import("../sql/mod.ts");
  const [datasource, confKey] = [flags.text("datasource"), flags.text("conf-key")];
  const given = {
    type,
    ...(datasource === undefined ? {} : { datasource }),
    ...(confKey === undefined ? {} : { confKey }),
  };
  const options = { ...DEFAULT_STREAM_OPTIONS, ...given };
  return { kind: "create_stream", name: type, columns: [], options };
}

function declaredColumns({ columns }: CreateStream): { name: string; numeric: boolean }[] {
  return columns.map(({ name, type }) => ({
    name,
    numeric: type.kind === "bigint" || type.kind === "float",
  }));
}
