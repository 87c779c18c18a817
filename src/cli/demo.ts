import { fail } from "../core/mod.ts";
import type { CreateStream } from "../sql/mod.ts";
import type { Call, Command } from "./command.ts";
import type { Run } from "./engine.ts";
import { follow } from "./follow.ts";
import { interruptible } from "./interruptible.ts";
import { openEngine } from "./open_engine.ts";
import { OUTPUT_FLAGS, outputOf } from "./output_flags.ts";

const TOPIC = "demo/sensors";
const RANDOM = `CREATE STREAM demo_random (temperature BIGINT, humidity BIGINT) WITH (
  TYPE="random", FORMAT="json",
  EXTRA='{"interval": 500, "seed": 30, "pattern": {"temperature": 10, "humidity": 40}}'
)`;
const MQTT = `CREATE STREAM demo_mqtt () WITH (TYPE="mqtt", DATASOURCE="${TOPIC}", FORMAT="json")`;

/** `kuiper demo`. */
export const command: Command = {
  words: "demo",
  usage: ["[--mqtt URL] [--limit N] [--format table|ndjson] [--meta]"],
  about:
    `Run a stream over the plugin random (TypeScript, in a sandbox with no permissions) and, when
a broker is given, one over its topic ${TOPIC}, whose payloads are JSON objects. The tuples
of both are printed as they arrive, until --limit of them are printed or Ctrl-C. It needs no
files and defines no stream.`,
  flags: [
    {
      name: "mqtt",
      value: "URL",
      doc: "a broker, such as tcp://localhost:1883 or mqtts://user:password@host",
    },
    ...OUTPUT_FLAGS,
  ],
  examples: [
    ["kuiper demo", "random numbers, in a table"],
    ["kuiper demo --limit 5 | cat", "five tuples as JSON lines, with their metadata"],
    ["kuiper demo --mqtt tcp://localhost:1883", "and what arrives at that broker"],
    [
      `mosquitto_pub -t ${TOPIC} -m '{"temperature": 21.5}'`,
      "in another terminal: something to arrive",
    ],
  ],
  async run(call) {
    const { parseStreamStatement } = await import("./parse_stream_statement.ts");
    const definitions = [parseStreamStatement(RANDOM)];
    const broker = call.flags.text("mqtt");
    if (broker !== undefined) definitions.push(overBroker(parseStreamStatement(MQTT), broker));
    outputOf(call);
    return await interruptible(call, (stop) => run(call, { definitions, stop }));
  },
};

async function run(
  call: Call,
  { definitions, stop }: { definitions: readonly CreateStream[]; stop: AbortSignal },
): Promise<number> {
  const { terminal } = call;
  await using engine = await openEngine(call);
  const { printer, limit } = outputOf(call, { several: true });
  await using owned = new AsyncDisposableStack();
  const runs: Run[] = [];
  for (const definition of definitions) {
    runs.push(owned.use(await engine.run(definition, { stored: false })));
  }
  if (definitions.length === 1) {
    terminal.note(`a stream over random; with --mqtt URL also one over the topic ${TOPIC}`);
  }
  await follow(runs, { terminal, printer, limit, stop });
  return 0;
}

/** The stream with the broker in its EXTRA, where a password is masked when it is printed. */
function overBroker(definition: CreateStream, broker: string): CreateStream {
  const { server, username, password } = splitBroker(broker);
  const extra = {
    server,
    qos: 0,
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
  };
  return { ...definition, options: { ...definition.options, extra } };
}

function splitBroker(broker: string): { server: string; username: string; password: string } {
  const url = URL.parse(broker.includes("://") ? broker : `tcp://${broker}`);
  const known = ["tcp:", "mqtt:", "ssl:", "tls:", "mqtts:"];
  if (url === null || url.hostname === "" || !known.includes(url.protocol)) {
    // The value is not repeated: it may hold a password.
    throw fail(
      "usage",
      "--mqtt is no address of a broker, expected one such as tcp://localhost:1883 (tcp or mqtt; " +
        "ssl, tls or mqtts with TLS)",
    );
  }
  return {
    server: `${url.protocol}//${url.host}`,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}
