import { fail, nearest, oneOf } from "../core/mod.ts";
import type { Command } from "./command.ts";

/** A line of the table of commands. Its file is loaded when the command is used. */
export interface Entry {
  /** As it is typed. */
  readonly words: string;
  /** A clause without a period. */
  readonly summary: string;
  load(): Promise<{ command: Command }>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly Entry[] = [
  {
    words: "demo",
    summary: "watch two streams at work, with nothing to prepare",
    load: () => import("./demo.ts"),
  },
  {
    words: "run",
    summary: "run a stream and print its tuples",
    load: () => import("./run.ts"),
  },
  {
    words: "serve",
    summary: "run the rules and serve REST",
    load: () => import("./serve.ts"),
  },
  {
    words: "query",
    summary: "run a statement of SQL, or one after the other",
    load: () => import("./query.ts"),
  },
  {
    words: "create stream",
    summary: "define a stream",
    load: () => import("./create_stream.ts"),
  },
  {
    words: "show streams",
    summary: "list the streams",
    load: () => import("./show_streams.ts"),
  },
  {
    words: "describe stream",
    summary: "show a stream's definition, its source and what that may do",
    load: () => import("./describe_stream.ts"),
  },
  {
    words: "drop stream",
    summary: "forget a stream",
    load: () => import("./drop_stream.ts"),
  },
  {
    words: "create rule",
    summary: "define a rule: a query over a stream, and its sinks",
    load: () => import("./create_rule.ts"),
  },
  {
    words: "show rules",
    summary: "list the rules and their states",
    load: () => import("./show_rules.ts"),
  },
  {
    words: "describe rule",
    summary: "show a rule's definition",
    load: () => import("./describe_rule.ts"),
  },
  {
    words: "getstatus rule",
    summary: "show how a rule stands and what it has counted",
    load: () => import("./getstatus_rule.ts"),
  },
  {
    words: "gettopo rule",
    summary: "show the parts of a rule",
    load: () => import("./gettopo_rule.ts"),
  },
  {
    words: "start rule",
    summary: "start a rule",
    load: () => import("./start_rule.ts"),
  },
  {
    words: "stop rule",
    summary: "stop a rule",
    load: () => import("./stop_rule.ts"),
  },
  {
    words: "restart rule",
    summary: "stop a rule and start it",
    load: () => import("./restart_rule.ts"),
  },
  {
    words: "drop rule",
    summary: "forget a rule",
    load: () => import("./drop_rule.ts"),
  },
  {
    words: "validate rule",
    summary: "check a rule without storing it",
    load: () => import("./validate_rule.ts"),
  },
  {
    words: "token new",
    summary: "make a token for the server",
    load: () => import("./token_new.ts"),
  },
  {
    words: "top",
    summary: "watch the rules at work",
    load: () => import("./top.ts"),
  },
  {
    words: "validate",
    summary: "check the configuration and the streams without running anything",
    load: () => import("./validate.ts"),
  },
  {
    words: "plugin new",
    summary: "write the start of a source, sink or function of your own",
    load: () => import("./plugin_new.ts"),
  },
  {
    words: "plugin check",
    summary: "try a source, sink or function, step by step",
    load: () => import("./plugin_check.ts"),
  },
  {
    words: "plugin add",
    summary: "take a plugin from a URL: look at it, approve it, pin it",
    load: () => import("./plugin_add.ts"),
  },
  {
    words: "plugin update",
    summary: "fetch a plugin again, look at what changed, pin it",
    load: () => import("./plugin_update.ts"),
  },
  {
    words: "plugin list",
    summary: "list the plugins",
    load: () => import("./plugin_list.ts"),
  },
  {
    words: "plugin describe",
    summary: "show where a plugin is from and what it may do",
    load: () => import("./plugin_describe.ts"),
  },
  {
    words: "plugin pin",
    summary: "pin plugins from files, for programs that run with --frozen=all",
    load: () => import("./plugin_pin.ts"),
  },
  {
    words: "plugin remove",
    summary: "forget a plugin by URL",
    load: () => import("./plugin_remove.ts"),
  },
  {
    words: "plugin export",
    summary: "write plugins to a directory, for a machine without network",
    load: () => import("./plugin_export.ts"),
  },
  {
    words: "plugin import",
    summary: "take over such a directory",
    load: () => import("./plugin_import.ts"),
  },
  {
    words: "plugin sign",
    summary: "for authors: sign a source module",
    load: () => import("./plugin_sign.ts"),
  },
  {
    words: "create plugin",
    summary: "plugin add, as eKuiper spells it",
    load: () => import("./create_plugin.ts"),
  },
  {
    words: "show plugins",
    summary: "plugin list, as eKuiper spells it",
    load: () => import("./show_plugins.ts"),
  },
  {
    words: "describe plugin",
    summary: "plugin describe, as eKuiper spells it",
    load: () => import("./describe_plugin.ts"),
  },
  {
    words: "drop plugin",
    summary: "plugin remove, as eKuiper spells it",
    load: () => import("./drop_plugin.ts"),
  },
  {
    words: "functions",
    summary: "list the functions that a query may call",
    load: () => import("./functions.ts"),
  },
  {
    words: "types",
    summary: "print the TypeScript declarations that a source is written against",
    load: () => import("./types.ts"),
  },
  {
    words: "version",
    summary: "print the version and what the executable was made of",
    load: () => import("./version.ts"),
  },
  {
    words: "help",
    summary: "show what a command does, with examples",
    load: () => import("./help.ts"),
  },
];

/** What people who know Kuiper may type, and this version does not have: first words, or first and second. */
const LATER: readonly string[] = [
  ...["create", "describe", "show", "drop"].flatMap((verb) => [
    `${verb} table`,
    `${verb} tables`,
  ]),
];

/**
 * Find the command that a command line begins with.
 *
 * @returns it and what is left of the line.
 * @throws KuiperError `usage` when there is none; it names the nearest.
 */
export function findCommand(line: readonly string[]): { entry: Entry; rest: readonly string[] } {
  const [first = "", second = ""] = line;
  for (const count of [2, 1]) {
    const words = line.slice(0, count).join(" ");
    const entry = COMMANDS.find((entry) => entry.words === words);
    if (entry !== undefined) return { entry, rest: line.slice(count) };
  }
  const typed = second === "" || second.startsWith("-") ? first : `${first} ${second}`;
  const later = LATER.find((words) => words === first || words === typed);
  if (later !== undefined) {
    throw fail("usage", `"${later}" is not in this version`);
  }
  const family = COMMANDS.map((entry) => entry.words).filter((words) =>
    words.startsWith(`${first} `)
  );
  if (family.length > 0 && typed === first) {
    throw fail("usage", `"${first}" is half a command, expected ${oneOf(family)}`);
  }
  const names = COMMANDS.map((entry) => entry.words);
  const [meant] = [...nearest(typed, family), ...nearest(typed, names), ...nearest(first, names)];
  const cure = meant === undefined
    ? family.length > 0 ? `expected ${oneOf(family)}` : '"kuiper help" lists the commands'
    : `did you mean "${meant}"?`;
  throw fail("usage", `Unknown command "${typed}", ${cure}`);
}
