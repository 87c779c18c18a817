import { fail, KuiperError } from "../core/mod.ts";
import { showAndAsk } from "./approval.ts";
import type { Call, Command } from "./command.ts";
import type { Engine, PluginProposal } from "./engine.ts";
import { GRANT_FLAGS, grantOptions } from "./grant_flags.ts";
import { openEngine } from "./open_engine.ts";
import { reportError } from "./report_error.ts";
import { runnerText } from "./runner_text.ts";

/** `kuiper plugin update`. */
export const command: Command = {
  words: "plugin update",
  usage: ["[NAME] [--keep-grant] [--net=…] [--read=…] [--write=…] [--env=…] [--sys=…] [--yes]"],
  about:
    `Fetch a plugin again, show how its code, imports, manifest and permissions changed, and pin
the new code on approval. Without NAME every plugin by URL, one after the other. A new
version that asks for more than it was granted gets nothing more by --yes alone: give
the new grant, or --keep-grant. A stream or rule that runs keeps the code and the grant
that it started with until it starts again, and is named.`,
  positionals: [{ name: "NAME", optional: true }],
  flags: [
    ...GRANT_FLAGS,
    { name: "keep-grant", doc: "leave the grant as it is, whatever the new code asks for" },
  ],
  examples: [
    ["kuiper plugin update weather", "look at the difference, then decide"],
    ["kuiper plugin update --yes", "all of them, where none asks for more"],
  ],
  async run(call) {
    const { flags } = call;
    const [name] = call.args;
    const options = { ...grantOptions(flags), keepGrant: flags.on("keep-grant") };
    if (name === undefined && options.grant !== undefined) {
      throw fail("usage", "A grant is of one plugin: give its NAME");
    }
    await using engine = await openEngine(call, { quiet: true });
    const names = name === undefined ? await urlPlugins(engine) : [name];
    if (names.length === 0) call.terminal.note("there is no plugin by URL");
    let code = 0;
    for (const one of names) {
      try {
        const proposal = await engine.proposePlugin({ name: one, ...options });
        code = Math.max(code, await decide(call, proposal, engine));
      } catch (error) {
        // The others are not held up by one.
        if (names.length === 1 || !(error instanceof KuiperError)) throw error;
        const problem = `Plugin "${one}" stays as it is: ${error.message}`;
        const stack = flags.on("stack");
        reportError(call.terminal, new KuiperError(error.code, problem, { cause: error }), {
          stack,
        });
        code = 1;
      }
    }
    return code;
  },
};

async function urlPlugins(engine: Engine): Promise<string[]> {
  return (await engine.listPlugins()).filter(({ kind }) => kind === "url").map(({ name }) => name);
}

async function decide(call: Call, proposal: PluginProposal, engine: Engine): Promise<number> {
  const answer = await showAndAsk(call, proposal);
  if (answer !== "approved") return answer === "same" ? 0 : 1;
  await tellWhoKeeps(call, proposal, engine);
  return 0;
}

/** Say what still runs the code from before. */
async function tellWhoKeeps(call: Call, proposal: PluginProposal, engine: Engine): Promise<void> {
  const { name, of, hash } = proposal;
  for (const runner of await engine.running(name, of)) {
    const what = runner.hash === hash ? "grant" : `code (hash ${runner.hash.slice(0, 12)})`;
    call.terminal.note(
      `${runnerText(runner)} keeps the ${what} that it started with until it starts again`,
    );
  }
}
