import type { Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";
import { quietJson } from "./quiet_json.ts";

/** `kuiper show streams`. */
export const command: Command = {
  words: "show streams",
  usage: ["[--json]"],
  about: "List the names of the streams, one a line.",
  flags: [{ name: "json", doc: "print an array of JSON" }],
  examples: [
    ["kuiper show streams", "the names"],
    ["kuiper show streams --json", "the names, for a program"],
  ],
  async run(call) {
    const { terminal, flags } = call;
    await using engine = await openEngine(call, { quiet: true });
    const names = await engine.streamNames();
    if (flags.on("json")) {
      await terminal.print(`${quietJson(JSON.stringify(names))}\n`);
      return 0;
    }
    if (names.length === 0) {
      terminal.note('there are no streams; "kuiper help create stream" shows how to make one');
    }
    if (names.length > 0) await terminal.print(names.map((name) => `${name}\n`).join(""));
    return 0;
  },
};
