import type { Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";
import { serverOf, TOKEN_FLAG } from "./rest_client.ts";

/** `kuiper drop stream`. */
export const command: Command = {
  words: "drop stream",
  usage: ["NAME [--force]"],
  about: "Forget a stream: its definition, and what its source stored for the next run.",
  positionals: [{ name: "NAME" }],
  flags: [{ name: "force", doc: "also while rules read it" }, TOKEN_FLAG],
  examples: [["kuiper drop stream demo", "forget the stream demo"]],
  async run(call) {
    const [name = ""] = call.args;
    await using engine = await openEngine(call, { quiet: true });
    const server = await serverOf(engine, call);
    const force = call.flags.on("force");
    if (server === undefined) await engine.dropStream(name, { force });
    else {
      await server.ask("DELETE", ["streams", name], force ? { query: "?force=true" } : {});
    }
    call.terminal.note(`stream "${name}" is dropped`);
    return 0;
  },
};
