import { byteCount } from "./byte_count.ts";
import { columns } from "./columns.ts";
import type { Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";
import { KIND_FLAG, kindFlag } from "./plugin_kind.ts";
import { shortHash } from "./proposal_text.ts";

/** `kuiper plugin pin`. */
export const command: Command = {
  words: "plugin pin",
  usage: ["[NAME] [--kind=source|sink|function]"],
  about:
    `Pin plugins from files of plugins/sources, sinks and functions in kuiper.lock as they are now:
the hash of every file that belongs to them. Without NAME all of them, and those that are gone
are forgotten; with --kind only those of that kind.
They stay free to change until a program is started with --frozen=all, which runs only what
is pinned. Plugins by URL are always pinned, by kuiper plugin add and update.`,
  positionals: [{ name: "NAME", optional: true }],
  flags: [{ ...KIND_FLAG, doc: "only sources, sinks or functions; all by default" }],
  examples: [
    ["kuiper plugin pin mySource", "pin one as it is now"],
    ["kuiper plugin pin notice --kind=sink", "one that is a sink"],
    ["kuiper plugin pin", "all of them, before they go to another machine"],
    ["kuiper run demo --frozen=all", "there: run nothing that is not pinned"],
  ],
  async run(call) {
    const { terminal } = call;
    await using engine = await openEngine(call, { quiet: true });
    const [name] = call.args;
    const of = kindFlag(call.flags);
    const plugins = await engine.pinFiles({
      ...(name === undefined ? {} : { name }),
      ...(of === undefined ? {} : { of }),
    });
    const rows = plugins.flatMap(({ type, of, files }) =>
      files.map(({ display, bytes, sha256, before }, i) => [
        i === 0 ? type : "",
        i === 0 ? of : "",
        display,
        byteCount(bytes),
        shortHash(sha256),
        before === undefined ? "" : shortHash(before),
      ])
    );
    if (rows.length > 0) {
      const head = ["name", "kind", "file", "size", "sha256", "before"];
      await terminal.print(columns(head, rows, { style: terminal.style, right: [3] }));
    }
    for (const { type, of, changed } of plugins) {
      terminal.note(`${of} "${type}" ${changed ? "is pinned in kuiper.lock" : "is as it was"}`);
    }
    if (plugins.length === 0) terminal.note("there is no plugin from a file to pin");
    return 0;
  },
};
