import { fail } from "../core/mod.ts";
import type { Command } from "./command.ts";

/** `kuiper token new`. */
export const command: Command = {
  words: "token new",
  usage: ["NAME"],
  about:
    `Make a token for whoever uses the server. The token goes to stdout, once: nothing keeps it.
The line for etc/kuiper.yaml, which holds its hash, goes to stderr.`,
  positionals: [{ name: "NAME" }],
  examples: [
    ["kuiper token new alice > alice.token", "the token into a file, the line for the yaml below"],
    ["KUIPER_TOKEN=$(cat alice.token) kuiper show rules", "use it"],
  ],
  async run({ terminal, args }) {
    const [name = ""] = args;
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
      throw fail("usage", `NAME is "${name}", expected letters, digits, "_", "." and "-"`);
    }
    const { newToken } = await import("../api/mod.ts");
    const { token, hash } = await newToken();
    await terminal.print(`${token}\n`);
    terminal.note(`add to etc/kuiper.yaml, and start the server again:\n`);
    terminal.note(`basic:\n  tokens:\n    ${name}: "${hash}"`);
    return 0;
  },
};
