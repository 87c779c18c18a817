import { fail, isObject, parseJson, toJson, type Value } from "../core/mod.ts";
import type { Call, Command } from "./command.ts";
import type { CheckStep } from "./engine.ts";
import type { Flags } from "./flags.ts";
import { interruptible } from "./interruptible.ts";
import { openEngine } from "./open_engine.ts";
import { KIND_FLAG, kindFlag } from "./plugin_kind.ts";
import { printable } from "./text_width.ts";

/** `kuiper plugin check`. */
export const command: Command = {
  words: "plugin check",
  usage: [
    "FILE|NAME [--conf-key K] [--datasource D] [--format F] [--limit N]",
    "FILE|NAME --kind=sink [--conf-key K] [--props JSON] [--row JSON] [--format F]",
    "FILE|NAME --kind=function [--args JSON]",
  ],
  about: `Try a plugin step by step, in its sandbox and with its grant.
A source as a stream would: find, load, configure, open, take some tuples, abort, close.
A sink as a rule would: it is handed one row, an array of rows and several items, and closed. It is a
sink at work: what it is handed goes where its configuration says.
A function as a query would: it is called with values of each type, with nulls, and for a batch.
Every step is reported; the exit code is 1 when one fails. What a file is, its folder says.`,
  positionals: [{ name: "FILE or NAME" }],
  flags: [
    { ...KIND_FLAG, doc: "what it is: source, sink or function; what there is of that name" },
    {
      name: "conf-key",
      value: "K",
      doc: "the section of its yaml to use; for a sink the resourceId",
    },
    { name: "datasource", value: "D", doc: "for a source: the DATASOURCE to give it" },
    {
      name: "format",
      value: "F",
      doc: "how a source's payloads are read, or a sink's items written: json, binary or delimited",
    },
    { name: "limit", short: "n", value: "N", doc: "for a source: tuples to take; 3 by default" },
    { name: "props", value: "JSON", doc: "for a sink: its properties, as the action of a rule" },
    {
      name: "row",
      value: "JSON",
      doc: "for a sink: the row to hand it; one of all types by default",
    },
    { name: "args", value: "JSON", doc: "for a function: an array of its arguments" },
  ],
  examples: [
    ["kuiper plugin check mySource", "a plugin of the base directory"],
    ["kuiper plugin check plugins/sources/MySource.ts --conf-key democonf -n 10", "a file"],
    [`kuiper plugin check mySink --props '{"prefix": "got"}' --row '{"a": 1}'`, "a sink"],
    ["kuiper plugin check clamp --args '[150, 0, 100]'", "a function"],
  ],
  run(call) {
    return interruptible(call, (stop) => check(call, stop));
  },
};

async function check(call: Call, signal: AbortSignal): Promise<number> {
  const { terminal, flags, args: [target = ""] } = call;
  const given = {
    kind: kindFlag(flags),
    confKey: flags.text("conf-key"),
    datasource: flags.text("datasource"),
    format: flags.text("format"),
    limit: flags.count("limit"),
    props: json(flags, "props", isObject),
    row: json(flags, "row", isObject),
    args: json(flags, "args", Array.isArray),
  };
  await using engine = await openEngine(call);
  const printed: Promise<void>[] = [];
  const passed = await engine.checkPlugin({
    target,
    signal,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }, (step) => {
    printed.push(terminal.print(stepText(step, call)));
  });
  await Promise.all(printed);
  return passed ? 0 : 1;
}

/** What each of these flags has to be. */
const EXPECTED = {
  props: `an object of JSON such as '{"topic": "a"}'`,
  row: `an object of JSON such as '{"temperature": 21.5}'`,
  args: "an array of JSON such as '[21.5, null]'",
} as const;

/** The value of a flag that is JSON. @throws KuiperError `usage` when it is not, or not of its kind. */
function json(
  flags: Flags,
  name: keyof typeof EXPECTED,
  fits: (value: Value) => boolean,
): Value | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  let value: Value | undefined;
  try {
    value = parseJson(text);
  } catch {
    // Said below, as for JSON of another kind.
  }
  if (value !== undefined && fits(value)) return value;
  throw fail("usage", `--${name} is ${JSON.stringify(text)}, expected ${EXPECTED[name]}`);
}

function stepText({ name, ok, text, tuples }: CheckStep, { terminal }: Call): string {
  const { green, red } = terminal.style;
  const mark = ok ? green("ok    ") : red("failed");
  const rows = (tuples ?? []).map(({ message, meta }) => printable(toJson({ message, meta })));
  const [first, ...rest] = [...text.split("\n").map(printable), ...rows];
  const head = `${mark}  ${name.padEnd(9)}  ${first ?? ""}`.trimEnd();
  return [head, ...rest.map((line) => `        ${line}`)].map((line) => `${line}\n`).join("");
}
