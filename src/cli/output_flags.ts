import type { Call, Flag } from "./command.ts";
import { ndjsonPrinter } from "./ndjson.ts";
import { FORMATS, type Printer } from "./printer.ts";
import { type TableOptions, tablePrinter } from "./table.ts";

/** Characters in a line of a table that goes to no terminal. */
const PIPED_COLUMNS = 120;

/** How the tuples of a stream are printed, and how many. */
export const OUTPUT_FLAGS: readonly Flag[] = [
  { name: "limit", short: "n", value: "N", doc: "stop after N tuples" },
  {
    name: "format",
    value: "FORMAT",
    doc: "table or ndjson; a table on a terminal, else ndjson",
  },
  {
    name: "meta",
    doc: "show the metadata too; as ndjson: stream, timestamp, message and meta",
  },
];

/** What the output flags ask for. @throws KuiperError `usage` */
export function outputOf(
  { terminal, flags }: Pick<Call, "terminal" | "flags">,
  options: { declared?: TableOptions["declared"]; several?: boolean } = {},
): { printer: Printer; limit: number } {
  const limit = flags.count("limit") ?? Infinity;
  const { stdout } = terminal.io;
  const format = flags.choice("format", FORMATS) ?? (stdout.isTerminal ? "table" : "ndjson");
  const several = options.several === true;
  if (format === "ndjson") {
    // Lines of several streams are told apart by their envelope.
    const meta = flags.on("meta") || several;
    return { printer: ndjsonPrinter({ meta, terminal: stdout.isTerminal }), limit };
  }
  const printer = tablePrinter({
    columns: () => terminal.io.columns() ?? PIPED_COLUMNS,
    style: terminal.style,
    stream: several,
    meta: flags.on("meta"),
    ...(options.declared === undefined ? {} : { declared: options.declared }),
  });
  return { printer, limit };
}
