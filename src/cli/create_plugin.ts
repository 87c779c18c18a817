import { fail } from "../core/mod.ts";
import type { Command } from "./command.ts";
import { GRANT_FLAGS } from "./grant_flags.ts";
import { addPlugin } from "./plugin_add.ts";
import { readKind } from "./plugin_kind.ts";

/** `kuiper create plugin`. */
export const command: Command = {
  words: "create plugin",
  usage: [`source|sink|function NAME '{"file": "URL"}' [--yes]`],
  about: "The same as kuiper plugin add NAME URL --kind=…, as eKuiper spells it.",
  positionals: [{ name: "KIND" }, { name: "NAME" }, { name: "JSON" }],
  flags: GRANT_FLAGS,
  examples: [
    [
      `kuiper create plugin source weather '{"file": "https://example.org/weather.ts"}'`,
      "fetch, show, and pin on approval",
    ],
  ],
  run(call) {
    const [kind = "", name = "", json = ""] = call.args;
    return addPlugin(call, { name, of: readKind(kind), url: urlOf(json) });
  },
};

function urlOf(json: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw fail("usage", `JSON is "${json}", which does not parse: {"file": "URL"}`, error);
  }
  const file = (value as { file?: unknown } | null)?.file;
  if (typeof file === "string") return file;
  throw fail("usage", `JSON is ${json}, it needs the key "file" with a URL: {"file": "URL"}`);
}
