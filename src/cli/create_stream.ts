import { fail } from "../core/mod.ts";
import { type CreateStream, parseStreamDefinition, printStatement } from "../sql/mod.ts";
import type { Call, Command } from "./command.ts";
import { readDefinitions } from "./definitions.ts";
import { openEngine } from "./open_engine.ts";
import { serverOf, TOKEN_FLAG } from "./rest_client.ts";
import { parseStreamStatement } from "./parse_stream_statement.ts";

/** `kuiper create stream`. */
export const command: Command = {
  words: "create stream",
  usage: ["NAME '(COLUMNS) WITH (OPTIONS)'", "'NAME (COLUMNS) WITH (OPTIONS)'", "-f FILE"],
  about:
    `Define a stream and store it. COLUMNS are names with types (BIGINT, FLOAT, STRING, DATETIME,
BOOLEAN, BYTEA, ARRAY(…), STRUCT(…)), or nothing for a stream without a schema. OPTIONS are
DATASOURCE, FORMAT (json, binary, delimited), TYPE (default mqtt), CONF_KEY, KEY, TIMESTAMP,
TIMESTAMP_FORMAT, STRICT_VALIDATION, SHARED, DELIMITER and EXTRA. A file may hold several CREATE
STREAM statements: all of them are created, or none when a name is taken.`,
  positionals: [{ name: "NAME", optional: true }, { name: "DEFINITION", optional: true }],
  flags: [
    { name: "file", short: "f", value: "FILE", doc: "a file of CREATE STREAM statements" },
    TOKEN_FLAG,
  ],
  surplus: "put quotes around the definition, so that the shell keeps it in one piece",
  examples: [
    [
      `kuiper create stream demo '() WITH (DATASOURCE="demo/#")'`,
      "messages of an MQTT topic, whatever their fields",
    ],
    [
      `kuiper create stream demo '(id BIGINT, name STRING) WITH (DATASOURCE="mytopic", ` +
      `TYPE="mySource", CONF_KEY="democonf")'`,
      "a source of your own, with the columns that you expect",
    ],
    ["kuiper create stream -f streams.sql", "what a file defines"],
  ],
  async run(call) {
    const definitions = await definitionsOf(call);
    await using engine = await openEngine(call, { quiet: true });
    const taken = await engine.streamNames();
    const twice = definitions.find(({ name }) => taken.includes(name));
    if (twice !== undefined) {
      throw fail(
        "exists",
        `Stream "${twice.name}" exists already: choose another name, or drop it first ` +
          `("kuiper drop stream ${twice.name}")`,
      );
    }
    const server = await serverOf(engine, call);
    for (const definition of definitions) {
      if (server === undefined) await engine.createStream(definition);
      else await server.ask("POST", ["streams"], { body: { sql: sqlOf(definition) } });
      call.terminal.note(`stream "${definition.name}" is created`);
    }
    return 0;
  },
};

function sqlOf(definition: CreateStream): string {
  return printStatement(definition, { secrets: "show" });
}

async function definitionsOf({ args, flags }: Call): Promise<CreateStream[]> {
  const [first, second] = args;
  const file = flags.text("file");
  if (file !== undefined) {
    if (first !== undefined) throw fail("usage", "Expected a definition or -f FILE, not both");
    return await readDefinitions(file);
  }
  if (first === undefined) throw fail("usage", "NAME and the definition are missing");
  if (second !== undefined) return [parseStreamDefinition(first, second)];
  if (/^[^\s(]+$/.test(first)) {
    throw fail(
      "usage",
      `The definition of "${first}" is missing: '() WITH (DATASOURCE="…")' is the shortest`,
    );
  }
  return [parseStreamStatement(first)];
}
