import { basename, dirname, resolve } from "@std/path";
import { PLUGIN_KINDS, type PluginOf } from "../config/mod.ts";
import { fail, KuiperError, oneOf } from "../core/mod.ts";
import { type CheckContext, type CheckOptions, isFileTarget } from "./check_step.ts";
import type { Sources } from "./sources.ts";

/** What is not asked of every kind: its flag, and of whom it is. */
const OWN = [
  { name: "confKey", flag: "conf-key", kinds: ["source", "sink"] },
  { name: "datasource", flag: "datasource", kinds: ["source"] },
  { name: "format", flag: "format", kinds: ["source", "sink"] },
  { name: "limit", flag: "limit", kinds: ["source"] },
  { name: "props", flag: "props", kinds: ["sink"] },
  { name: "row", flag: "row", kinds: ["sink"] },
  { name: "args", flag: "args", kinds: ["function"] },
] as const satisfies readonly {
  name: keyof CheckOptions;
  flag: string;
  kinds: readonly PluginOf[];
}[];

/**
 * Try a plugin step by step, as a stream, a rule or a query would use it.
 *
 * @returns whether every step went well.
 * @throws KuiperError `usage` for a name that is of several kinds, and for what is asked of another kind.
 */
export async function checkPlugin(options: CheckOptions, context: CheckContext): Promise<boolean> {
  const { target } = options;
  if (isFileTarget(target) && !await isFile(target)) {
    const text = `Cannot read "${target}": there is no file of that name`;
    context.report({ name: "find", ok: false, text });
    return false;
  }
  const found = options.kind ?? await kindOf(target, context.sources);
  const kind = found ?? "source";
  for (const { name, flag, kinds } of OWN) {
    if (options[name] === undefined || kinds.some((one) => one === kind)) continue;
    const whose = kinds.map((one) => `a ${one}`).join(" or ");
    throw fail("usage", `--${flag} is for ${whose}, and "${target}" is a ${kind}: leave it out`);
  }
  switch (kind) {
    case "source":
      return await (await import("./check_source.ts")).checkSource(
        options,
        found === undefined ? withAllKinds(context) : context,
      );
    case "sink":
      return await (await import("./check_sink.ts")).checkSink(options, context);
    case "function":
      return await (await import("./check_function.ts")).checkFunction(options, context);
  }
}

/** What a plugin is: the folder of a file says it, and of a name what there is; undefined when there is nothing. */
async function kindOf(target: string, sources: Sources): Promise<PluginOf | undefined> {
  if (isFileTarget(target)) {
    const folder = basename(dirname(resolve(target)));
    return PLUGIN_KINDS.find((kind) => folder === `${kind}s`) ?? "source";
  }
  const finds = {
    source: () => sources.finder.find(target),
    sink: () => sources.finder.findSink(target),
    function: () => sources.finder.findFunction(target),
  };
  const kinds: PluginOf[] = [];
  for (const kind of PLUGIN_KINDS) {
    if (await isThere(finds[kind])) kinds.push(kind);
  }
  if (kinds.length > 1) {
    throw fail(
      "usage",
      `"${target}" is the name of a ${kinds.join(" and of a ")}: say which with ${
        oneOf(kinds.map((kind) => `--kind=${kind}`))
      }`,
    );
  }
  return kinds[0];
}

/** Of a name that nobody has, the check of a source says where it looked; the others were looked for, too. */
function withAllKinds(context: CheckContext): CheckContext {
  return {
    ...context,
    report: (step) => {
      const more = step.ok ? "" : "; nor is there a sink or function of that name";
      context.report({ ...step, text: `${step.text}${more}` });
    },
  };
}

/** Whether something is found, be it with an error: the check then tells that. */
async function isThere(find: () => Promise<unknown>): Promise<boolean> {
  try {
    return await find() !== undefined;
  } catch (error) {
    return !(error instanceof KuiperError && error.code === "not_found");
  }
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((stat) => stat.isFile, () => false);
}
