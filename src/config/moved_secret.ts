import { isSecretKey } from "./secrets.ts";
import { isSection, type Section } from "./yaml_file.ts";

/** Properties that say where something is sent to. */
const ADDRESSES: readonly string[] = ["server", "servers", "url"];
/** Property that says whom to trust beside the system's authorities. */
const TRUST = "rootCaPath";

/** A property that decides who gets a secret, and the secret. */
export interface MovedSecret {
  readonly moved: string;
  readonly secret: string;
}

/**
 * Who may write streams and rules must not send the operator's secrets somewhere else, or to whoever answers there.
 *
 * @param own what the stream or rule says.
 * @param operator what the operator's files say.
 * @returns what `own` changes although it does not bring a secret of its own.
 */
export function movedSecret(own: Section, operator: Section): MovedSecret | undefined {
  const moved = Object.keys(own).find((key) => {
    if (key === "insecureSkipVerify") return own[key] === true && operator[key] !== true;
    if (key !== TRUST && !ADDRESSES.includes(key)) return false;
    return (own[key] ?? "") !== (operator[key] ?? "");
  });
  if (moved === undefined) return undefined;
  const secret = Object.keys(operator).find((key) =>
    own[key] === undefined && holdsSecret(key, operator[key])
  );
  return secret === undefined ? undefined : { moved, secret };
}

function holdsSecret(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (key === "headers" || isSecretKey(key)) return true;
  return isSection(value) && Object.keys(value).some((inner) => holdsSecret(inner, value[inner]));
}
