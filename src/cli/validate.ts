import { formatFinding } from "../config/mod.ts";
import type { Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";
import { count } from "./summary.ts";

/** `kuiper validate`. */
export const command: Command = {
  words: "validate",
  usage: ["[-f FILE]"],
  about:
    `Check everything in etc, the environment's overrides and the stored streams (with -f those of
a file) without running anything. What is found goes to stderr, a line each; the exit code is 1
when there is an error.`,
  flags: [{ name: "file", short: "f", value: "FILE", doc: "check the statements of this file" }],
  examples: [
    ["kuiper validate", "check the base directory"],
    ["kuiper validate -f streams.sql", "check also the statements of a file"],
  ],
  async run(call) {
    const { terminal, flags } = call;
    const file = flags.text("file");
    await using engine = await openEngine(call, { quiet: true, checkOnly: true });
    const findings = await engine.validate(await whatToCheck(file));
    for (const finding of findings) {
      if (finding.severity === "error") terminal.error(formatFinding(finding));
      else terminal.warn(formatFinding(finding));
    }
    const errors = findings.filter((finding) => finding.severity === "error").length;
    terminal.note(`${count(errors, "error")}, ${count(findings.length - errors, "warning")}`);
    return errors === 0 ? 0 : 1;
  },
};

async function whatToCheck(
  file: string | undefined,
): Promise<{ statements?: string; file?: string }> {
  if (file === undefined) return {};
  const { readStatements } = await import("./definitions.ts");
  return { statements: await readStatements(file), file };
}
