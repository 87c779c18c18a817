import { fail } from "../core/mod.ts";
import type { PluginOf } from "../config/mod.ts";
import type { PluginNames, PluginTemplate } from "./plugin_template.ts";

/** What a source or sink can be called: its class has the same name. */
const TYPE_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
/** What a function can be called: a query may write it in any case, and it is looked for in lower case. */
const FUNCTION_NAME = /^[a-z][a-z0-9_]*$/;

/** Words of TypeScript in small letters, which name no function. */
const RESERVED: readonly string[] = [
  ..."arguments await break case catch class const continue debugger default delete do else".split(
    " ",
  ),
  ..."enum eval export extends false finally for function if implements import in".split(" "),
  ..."instanceof interface let new null package private protected public return static".split(" "),
  ..."super switch this throw true try typeof var void while with yield".split(" "),
];

/**
 * How a new plugin and its parts are called.
 *
 * @throws KuiperError `usage` for a name that cannot be one, or is taken by the program or the template itself.
 */
export async function newPluginNames(
  name: string,
  { kind, template }: { kind: PluginOf; template: PluginTemplate },
): Promise<PluginNames> {
  const isFunction = kind === "function";
  if (!(isFunction ? FUNCTION_NAME : TYPE_NAME).test(name)) {
    const expected = isFunction
      ? 'a small letter and then small letters, digits or "_"'
      : 'a letter and then letters, digits or "_"';
    throw fail("usage", `"${name}" cannot be the name of a ${kind}, expected ${expected}`);
  }
  const type = name[0]!.toLowerCase() + name.slice(1);
  const className = name[0]!.toUpperCase() + name.slice(1);
  const { builtinNames } = await import("../app.ts");
  if ((await builtinNames(kind)).includes(type)) {
    throw fail("usage", `"${name}" is a ${kind} of the engine itself, choose another name`);
  }
  const exported = isFunction ? type : className;
  if (template.ownNames.includes(exported)) {
    throw fail("usage", `"${exported}" is a name that every ${kind} uses, choose another one`);
  }
  if (isFunction) await refuseWord(type);
  return { type, className };
}

/** Refuse what means something else to a query or to TypeScript. */
async function refuseWord(name: string): Promise<void> {
  if (RESERVED.includes(name)) {
    throw fail("usage", `"${name}" is a word of TypeScript, choose another name for the function`);
  }
  const { namesOfQuery } = await import("../sql/mod.ts");
  try {
    if (namesOfQuery(`SELECT ${name}(a) AS b FROM c`).functions.includes(name)) return;
  } catch {
    // It does not parse: below is the sentence for it.
  }
  throw fail("usage", `"${name}" is a word of SQL, choose another name for the function`);
}
