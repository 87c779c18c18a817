import type { Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";

/** `kuiper drop stream`. */
export const command: Command = {
  words: "drop stream",
  usage: ["NAME"],
  about: "Forget a stream: its definition, and what its source stored for the next run.",
  positionals: [{ name: "NAME" }],
  examples: [["kuiper drop stream demo", "forget the stream demo"]],
  async run(call) {
    const [name = ""] = call.args;
    await using engine = await openEngine(call, { quiet: true });
    await engine.dropStream(name);
    call.terminal.note(`stream "${name}" is dropped`);
    return 0;
  },
};
