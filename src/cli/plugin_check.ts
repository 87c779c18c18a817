import { toJson } from "../core/mod.ts";
import type { Call, Command } from "./command.ts";
import type { CheckStep } from "./engine.ts";
import { interruptible } from "./interruptible.ts";
import { openEngine } from "./open_engine.ts";
import { printable } from "./text_width.ts";

/** Tuples that are taken when nothing else is asked for. */
const DEFAULT_LIMIT = 3;

/** `kuiper plugin check`. */
export const command: Command = {
  words: "plugin check",
  usage: [
    "FILE [--conf-key K] [--datasource D] [--limit N]",
    "TYPE [--conf-key K] [--datasource D] [--limit N]",
  ],
  about: `Try a source step by step, in its sandbox, as a stream would: find, load, configure, open,
take some tuples, abort, close. Every step is reported; the exit code is 1 when one fails.`,
  positionals: [{ name: "FILE or TYPE" }],
  flags: [
    { name: "conf-key", value: "K", doc: "the section of its yaml to use" },
    { name: "datasource", value: "D", doc: "the DATASOURCE to give it" },
    { name: "format", value: "F", doc: "the FORMAT of its payloads: json, binary or delimited" },
    { name: "limit", short: "n", value: "N", doc: `tuples to take; ${DEFAULT_LIMIT} by default` },
  ],
  examples: [
    ["kuiper plugin check mySource", "a source of the base directory"],
    ["kuiper plugin check plugins/sources/MySource.ts --conf-key democonf -n 10", "a file"],
  ],
  run(call) {
    return interruptible(call, (stop) => check(call, stop));
  },
};

async function check(call: Call, signal: AbortSignal): Promise<number> {
  const { terminal, flags, args: [target = ""] } = call;
  const limit = flags.count("limit") ?? DEFAULT_LIMIT;
  const given = {
    confKey: flags.text("conf-key"),
    datasource: flags.text("datasource"),
    format: flags.text("format"),
  };
  await using engine = await openEngine(call);
  const printed: Promise<void>[] = [];
  const passed = await engine.checkPlugin({
    target,
    limit,
    signal,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }, (step) => {
    printed.push(terminal.print(stepText(step, call)));
  });
  await Promise.all(printed);
  return passed ? 0 : 1;
}

function stepText({ name, ok, text, tuples }: CheckStep, { terminal }: Call): string {
  const { green, red } = terminal.style;
  const mark = ok ? green("ok    ") : red("failed");
  const rows = (tuples ?? []).map(({ message, meta }) => printable(toJson({ message, meta })));
  const [first, ...rest] = [...text.split("\n").map(printable), ...rows];
  const head = `${mark}  ${name.padEnd(9)}  ${first ?? ""}`.trimEnd();
  return [head, ...rest.map((line) => `        ${line}`)].map((line) => `${line}\n`).join("");
}
