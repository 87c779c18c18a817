import { type BuildInfo, readBuildInfo } from "./build_info.ts";
import type { Command } from "./command.ts";

const RUNTIME: Readonly<Record<BuildInfo["runtime"], string>> = {
  official: "official: downloaded by Deno",
  given: "given by DENORT_BIN",
  unofficial: "unofficial: cut from a package of the npm registry",
  source: "none: run from its sources",
};

/** `kuiper version`. */
export const command: Command = {
  words: "version",
  usage: ["[--json]"],
  about:
    `Print the version of Kuiper and of what is inside of it, where the runtime of the executable
came from, and the permissions that it was compiled with.`,
  flags: [{ name: "json", doc: "print an object of JSON" }],
  examples: [
    ["kuiper version", "for people"],
    ["kuiper version --json", "for programs"],
  ],
  async run({ terminal, flags }) {
    const { version, runtime, deno, permissions } = await readBuildInfo();
    const { v8, typescript } = Deno.version;
    if (flags.on("json")) {
      const facts = { version, deno, v8, typescript, runtime, permissions };
      await terminal.print(`${JSON.stringify(facts)}\n`);
      return 0;
    }
    const lines = [
      `kuiper      ${version}`,
      `deno        ${deno} (v8 ${v8}${typescript === "" ? "" : `, typescript ${typescript}`})`,
      `runtime     ${RUNTIME[runtime]}`,
      `system      ${Deno.build.target}`,
      ...(permissions.length === 0 ? [] : [`permitted   ${permissions.join(" ")}`]),
    ];
    await terminal.print(`${lines.join("\n")}\n`);
    return 0;
  },
};
