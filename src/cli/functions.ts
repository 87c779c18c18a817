import { fail, nearest } from "../core/mod.ts";
import { BUILTIN_FUNCTIONS, type FunctionArg, type StaticType } from "../function/mod.ts";
import { columns, facts } from "./columns.ts";
import type { Call, Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";
import { quietJson } from "./quiet_json.ts";

/** `kuiper functions`. */
export const command: Command = {
  words: "functions",
  usage: ["[NAME] [--json]"],
  about:
    `List the functions that a query may call, with what they take and do, those of plugins last;
with a NAME, one of them with the types of its arguments and what null does to it.`,
  positionals: [{ name: "NAME", optional: true }],
  flags: [{ name: "json", doc: "print an array of JSON" }],
  examples: [
    ["kuiper functions", "all of them, by group"],
    ["kuiper functions substring", "one of them"],
  ],
  async run(call) {
    const { terminal, args, flags } = call;
    const faces = [...BUILTIN_FUNCTIONS.names()].map((name) => BUILTIN_FUNCTIONS.get(name)!);
    const [asked] = args;
    if (asked === undefined) {
      const plugins = await pluginFunctions(call);
      if (flags.on("json")) {
        const all = faces.map(({ name, group, doc, args }) => ({ name, group, args, doc }));
        await terminal.print(`${quietJson(JSON.stringify([...all, ...plugins]))}\n`);
        return 0;
      }
      const rows = faces.map((face) => [face.group, callText(face), face.doc]);
      for (const { name, group, doc } of plugins) rows.push([group, `${name}(…)`, doc]);
      await terminal.print(
        columns(["group", "function", "what it does"], rows, { style: terminal.style }),
      );
      return 0;
    }
    const name = asked.toLowerCase();
    const face = BUILTIN_FUNCTIONS.get(name);
    if (face === undefined) {
      const plugin = (await pluginFunctions(call)).find((one) => one.name === name);
      if (plugin !== undefined) {
        await terminal.print(
          flags.on("json")
            ? `${quietJson(JSON.stringify([plugin]))}\n`
            : `${name}(…)\n${plugin.doc}.\n`,
        );
        return 0;
      }
      const [meant] = nearest(name, [...BUILTIN_FUNCTIONS.names()], 1);
      const cure = meant === undefined
        ? '"kuiper functions" lists them'
        : `did you mean "${meant}"?`;
      throw fail("not_found", `There is no function "${asked}", ${cure}`);
    }
    const { group, doc, returns, nulls, deterministic } = face;
    if (flags.on("json")) {
      await terminal.print(
        `${quietJson(JSON.stringify([{ name, group, args: face.args, doc }]))}\n`,
      );
      return 0;
    }
    await terminal.print(`${terminal.style.bold(callText(face))}\n${doc}.\n\n`);
    await terminal.print(facts([
      ["group", group],
      ...face.args.map((arg) => [arg.name, argText(arg)] as const),
      [
        "result",
        typeof returns === "string"
          ? typesText([returns])
          : "depends on the types of the arguments",
      ],
      [
        "null",
        nulls === "propagate" ? "null among the arguments gives null" : "is an argument as others",
      ],
      ["computed", deterministic ? "once, where all arguments are constant" : "for every row"],
    ], terminal.style));
    return 0;
  },
};

/** What is known of the functions of plugins without running them. */
async function pluginFunctions(call: Call) {
  await using engine = await openEngine(call, { quiet: true });
  return (await engine.listPlugins()).filter(({ of }) => of === "function").map((
    { name, from },
  ) => ({ name, group: "plugin", doc: `Of the plugin from ${from}` }));
}

function callText({ name, args }: { name: string; args: readonly FunctionArg[] }): string {
  const texts = args.map(({ name, optional, rest }) =>
    rest === true ? `${name}…` : optional === true ? `[${name}]` : name
  );
  return `${name}(${texts.join(", ")})`;
}

function argText({ types, optional, rest }: FunctionArg): string {
  const often = rest === true ? ", any number of times" : optional === true ? ", optional" : "";
  return `${typesText(types)}${often}`;
}

function typesText(types: readonly StaticType[]): string {
  return types.includes("any") ? "any type" : types.map((type) => type.toUpperCase()).join(", ");
}
