import { showAndAsk } from "./approval.ts";
import type { Call, Command } from "./command.ts";
import { GRANT_FLAGS, grantOptions } from "./grant_flags.ts";
import type { PluginOf } from "./engine.ts";
import { KIND_FLAG, kindFlag } from "./plugin_kind.ts";
import { openEngine } from "./open_engine.ts";

/** `kuiper plugin add`. */
export const command: Command = {
  words: "plugin add",
  usage: [
    "NAME URL [--kind=…] [--net=…] [--read=…] [--write=…] [--env=…] [--sys=…] [--isolation=…] [--yes]",
  ],
  about: `Fetch a module and everything that it imports, show what it is and what it asks
for, and on approval pin it: etc/plugins.yaml gets its address and grant, kuiper.lock the
hash of every module. From then on TYPE="NAME" of a stream, the sink NAME of a rule, or the
function NAME in a query runs that code and no other, also with the network gone.`,
  positionals: [{ name: "NAME" }, { name: "URL" }],
  flags: [KIND_FLAG, ...GRANT_FLAGS],
  examples: [
    ["kuiper plugin add weather https://example.org/weather.ts", "look at it, then decide"],
    [
      "kuiper plugin add weather https://example.org/weather.ts --net=api.example.org:443 --yes",
      "with another grant, and no question",
    ],
    [
      "kuiper plugin add fahrenheit https://example.org/fahrenheit.ts --kind=function",
      "a function that queries call",
    ],
  ],
  run(call) {
    const [name = "", url = ""] = call.args;
    return addPlugin(call, { name, of: kindFlag(call.flags) ?? "source", url });
  },
};

/** Propose, ask, and write on approval. @returns the exit code. */
export async function addPlugin(
  call: Call,
  { name, of, url }: { name: string; of: PluginOf; url: string },
): Promise<number> {
  const options = grantOptions(call.flags);
  await using engine = await openEngine(call, { quiet: true });
  const proposal = await engine.proposePlugin({ name, of, url, ...options });
  return await showAndAsk(call, proposal) === "refused" ? 1 : 0;
}
