import type { PluginOf } from "../config/mod.ts";
import { messageOf } from "../core/mod.ts";
import { typeKey } from "../loader/mod.ts";
import { parseRule } from "../rule/mod.ts";
import { type CreateStream, namesOfQuery, parseStatement } from "../sql/mod.ts";
import type { Store } from "../store/mod.ts";

/** What is stored and uses a plugin. */
export interface PluginUsers {
  /** The streams of a source, the rules of a sink or function. */
  readonly names: string[];
  /** A sentence for each that cannot be read, such as one of another version: it may use the plugin or not. */
  readonly unreadable: string[];
}

/** The stored streams over a source, or the stored rules that send to a sink or call a function. */
export function usersOf(
  { streams, rules }: Pick<Store, "streams" | "rules">,
  name: string,
  of: PluginOf,
): PluginUsers {
  if (of === "source") {
    const stored = streams.list().map(({ name, statement }) => ({ id: name, text: statement }));
    return among(stored, { what: "stream", name, named: typeOfStream });
  }
  const stored = rules.list().map(({ id, definition }) => ({ id, text: definition }));
  return among(stored, { what: "rule", name, named: of === "sink" ? sinksOf : functionsOf });
}

function among(
  stored: readonly { id: string; text: string }[],
  { what, name, named }: {
    what: string;
    name: string;
    named: (text: string, id: string) => readonly string[];
  },
): PluginUsers {
  const users: PluginUsers = { names: [], unreadable: [] };
  for (const { id, text } of stored) {
    try {
      if (named(text, id).some((one) => typeKey(one) === typeKey(name))) users.names.push(id);
    } catch (error) {
      users.unreadable.push(
        `${what} "${id}" cannot be read, and whether it uses "${name}" is not known: ${
          messageOf(error).split("\n", 1)[0]
        }`,
      );
    }
  }
  return users;
}

function typeOfStream(statement: string): string[] {
  return [(parseStatement(statement) as CreateStream).options.type];
}

function sinksOf(definition: string, id: string): string[] {
  return parseRule(JSON.parse(definition), { id }).actions.map(({ type }) => type);
}

function functionsOf(definition: string, id: string): string[] {
  return namesOfQuery(parseRule(JSON.parse(definition), { id }).sql).functions;
}
