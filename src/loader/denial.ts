/**
 * What the runtime says when a permission is missing, as what the operator can do about it.
 *
 * @module
 */
import { GRANT_KINDS, type GrantKind } from "./permissions.ts";
import type { PluginRole } from "./protocol.ts";

/** A permission that was asked for and not granted. */
export interface Denial {
  /** "all" is what the runtime wants for files that tell of the whole system. */
  kind: GrantKind | "run" | "ffi" | "import" | "all";
  /** The host, path, variable or name; absent when everything of the kind was asked for. */
  target?: string;
}

/** Both wordings of the runtime: under `deno run`, and in a compiled program. A long one may be cut in its target. */
const REQUIRES =
  /\bRequires (net|read|write|env|sys|run|ffi|import|all) access(?: to (?:"((?:[^"\\]|\\.)*)(?:"|\\?$)|(<[^>]*>|all)))?(?:,|$)/;

/** Find in an error's message that a permission was denied. */
export function findDenial(message: string): Denial | undefined {
  const match = REQUIRES.exec(message);
  if (match === null) return undefined;
  const kind = match[1] as Denial["kind"];
  const target = match[2];
  return target === undefined || target === "" ? { kind } : { kind, target };
}

/**
 * One sentence for the status, with the yaml lines that would grant it.
 *
 * @param type the source's type, which is its name in etc/plugins.yaml.
 */
export function denialSentence(
  denial: Denial,
  type: string,
  role: PluginRole = "source",
): string {
  const { kind, target } = denial;
  const asked = target === undefined
    ? `${kind} access`
    : `${kind} access to ${JSON.stringify(target)}`;
  const sentence = `${role} "${type}" was denied ${asked}`;
  if (!isGrantable(kind)) {
    return `${sentence}, ${UNGRANTABLE[kind]}`;
  }
  const granted = target === undefined ? "true" : `[${JSON.stringify(target)}]`;
  return `${sentence}; to grant it, add to etc/plugins.yaml:\n` +
    `plugins:\n  ${yamlKey(type)}:\n    permissions:\n      ${kind}: ${granted}`;
}

const OPENS =
  "which opens the sandbox: only plugins.allowUnsafe in etc/kuiper.yaml lets etc/plugins.yaml grant it";

/** Why there are no lines that would grant it. */
const UNGRANTABLE: Readonly<Record<Exclude<Denial["kind"], GrantKind>, string>> = {
  run: OPENS,
  ffi: OPENS,
  import: "which no plugin is given: import with a literal path",
  all: "which no plugin is given: the file tells of the whole program or system",
};

function isGrantable(kind: Denial["kind"]): kind is GrantKind {
  return (GRANT_KINDS as readonly string[]).includes(kind);
}

/** What YAML would read as something else than this text is quoted. */
function yamlKey(name: string): string {
  const plain = /^[A-Za-z_][\w-]*$/.test(name) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name);
  return plain ? name : JSON.stringify(name);
}
