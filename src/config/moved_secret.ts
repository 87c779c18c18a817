import { isSecretKey, type Secrets } from "./secrets.ts";
import { SINK_COMMON_SCHEMA } from "./sink_schemas.ts";
import { SOURCE_COMMON_SCHEMA } from "./source_common_schema.ts";
import { isSection, type Section } from "./yaml_file.ts";

/** What of the built-in sources and sinks says where something is sent to, or whom to trust beside the system's authorities. */
const DECIDING: ReadonlySet<string> = new Set([
  "server",
  "servers",
  "url",
  "insecureSkipVerify",
  "rootCaPath",
]);
/** What the program itself reads, of every source and every sink. */
const COMMON: ReadonlySet<string> = new Set([
  ...Object.keys(SOURCE_COMMON_SCHEMA.properties),
  ...Object.keys(SINK_COMMON_SCHEMA.properties),
]);
/** Names under which a plugin may have an address, a part of one, or whether it looks who answers there. */
const DECIDING_NAME = new RegExp(
  "host|server|ur[il]|addr|endpoint|broker|peer|proxy|gateway|domain|origin|target|dest|remote|cluster|bootstrap|dsn|" +
    "connect|socket|port|path|file|node|site|base|link|location|account|region|tenant|bucket|instance|zone|env|scheme|" +
    "proto|transport|service|forward|redirect|callback|hook|" +
    "secure|verif|valid|tls|ssl|cert|trust|check|auth|skip|plain|encrypt|strict|allow|reject|(^|_)ca($|[_A-Z])",
  "i",
);
/** A text with one of these may be an address or name a place; so may any text of a name that stands nowhere in the YAML. */
const DECIDING_TEXT = /[.:/\\@%?#[\]]|localhost/i;

/** A property that decides, or may decide, who gets a secret, and the secret. */
export interface MovedSecret {
  readonly moved: string;
  readonly secret: string;
  /** It is known to decide that; of a property of a plugin nobody knows. */
  readonly known: boolean;
}

/** Who looks, and at what. */
export interface MovedSecretOptions {
  /** All properties are known: they are those of a source or sink that the program brings along. */
  readonly builtin: boolean;
  readonly secrets: Secrets;
}

/**
 * Who may write streams and rules must not send the operator's secrets somewhere else, or to whoever answers there.
 *
 * Of a built-in source or sink it is known which properties decide that. Of a plugin it is not, so that beside a secret
 * nothing may be changed but the fields that every source or sink has, and a number, a text or a boolean that the YAML
 * has too, when neither its name nor its text could be that of an address or of whom to trust.
 *
 * @param own what the stream or rule says.
 * @param operator what the operator's files say.
 * @returns what `own` changes although it does not bring a secret of its own.
 */
export function movedSecret(
  own: Section,
  operator: Section,
  { builtin, secrets }: MovedSecretOptions,
): MovedSecret | undefined {
  const moved = Object.keys(own).find((key) =>
    !isSame(own[key], operator[key]) &&
    (builtin ? isDeciding(key, own[key]) : mayDecide(key, own[key], operator[key]))
  );
  if (moved === undefined) return undefined;
  const secret = Object.keys(operator).find((key) =>
    own[key] === undefined && holdsSecret(key, operator[key], builtin ? undefined : secrets)
  );
  return secret === undefined ? undefined : { moved, secret, known: builtin };
}

function isDeciding(key: string, value: unknown): boolean {
  return DECIDING.has(key) && !(key === "insecureSkipVerify" && value !== true);
}

function mayDecide(key: string, value: unknown, before: unknown): boolean {
  if (COMMON.has(key) || isSecretKey(key)) return false;
  if (typeof value !== typeof before || DECIDING_NAME.test(key)) return true;
  if (typeof value === "number" || typeof value === "boolean") return false;
  if (typeof value !== "string") return true;
  return DECIDING_TEXT.test(value) || DECIDING_TEXT.test(before as string);
}

function isSame(value: unknown, before: unknown): boolean {
  return JSON.stringify(value ?? "") === JSON.stringify(before ?? "");
}

/** @param secrets also what is among these is one, whatever its name is. */
function holdsSecret(key: string, value: unknown, secrets: Secrets | undefined): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (key === "headers" || isSecretKey(key)) return true;
  if (typeof value === "string") return secrets !== undefined && secrets.mask(value) !== value;
  if (Array.isArray(value)) return value.some((inner) => holdsSecret("", inner, secrets));
  return isSection(value) &&
    Object.keys(value).some((inner) => holdsSecret(inner, value[inner], secrets));
}
