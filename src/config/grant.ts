import { isAbsolute, resolve } from "@std/path";
import { fail } from "../core/mod.ts";
import { formatPlace, type Place } from "./finding.ts";

/** The kinds of permission that a plugin can be granted. */
export const GRANT_KINDS = ["net", "read", "write", "env", "sys", "run", "ffi"] as const;

/** One of {@link GRANT_KINDS}. */
export type GrantKind = (typeof GRANT_KINDS)[number];

/** Everything, nothing, or a list of at least one item. */
export type GrantValue = boolean | readonly string[];

/** What a plugin may do: Deno's own permission object, plus where it was said. */
export interface Grant extends Readonly<Record<GrantKind, GrantValue>> {
  /** The entry in `etc/plugins.yaml`; only the file when there is none, for the cure of a denial. */
  readonly place: Place;
}

/** A grant of nothing. */
export function noGrant(place: Place): Grant {
  return {
    net: false,
    read: false,
    write: false,
    env: false,
    sys: false,
    run: false,
    ffi: false,
    place,
  };
}

const REFERENCE = /\$\{([^}]*)\}/g;

/** Ports of the schemes that a source's address may have. */
const PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "ws:": 80,
  "https:": 443,
  "wss:": 443,
  "tcp:": 1883,
  "mqtt:": 1883,
  "ssl:": 8883,
  "tls:": 8883,
  "mqtts:": 8883,
};

/**
 * Put in what a grant takes from elsewhere: `${key}` from the source's configuration, and the base directory before
 * relative paths.
 *
 * @param options.props the operator's own properties, without what a statement says in EXTRA.
 * @throws KuiperError `config` when the property is missing or is no address.
 */
export function resolveGrant(
  grant: Grant,
  options: { type: string; props: Readonly<Record<string, unknown>>; base: string },
): Grant {
  const resolved: Record<string, GrantValue> = {};
  for (const kind of GRANT_KINDS) {
    const value = grant[kind];
    if (typeof value === "boolean") {
      resolved[kind] = value;
      continue;
    }
    const items = value.flatMap((item) => fillIn(item, { ...options, kind, place: grant.place }));
    resolved[kind] = kind === "read" || kind === "write" || kind === "ffi"
      ? items.map((path) => isAbsolute(path) ? path : resolve(options.base, path))
      : items;
  }
  return { ...resolved as Record<GrantKind, GrantValue>, place: grant.place };
}

interface FillOptions {
  readonly type: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly kind: GrantKind;
  readonly place: Place;
}

function fillIn(item: string, options: FillOptions): string[] {
  const whole = /^\$\{([^}]*)\}$/.exec(item);
  const of = (text: string) => options.kind === "net" ? hostOf(text, item, options) : text;
  if (whole !== null) return valuesOf(whole[1]!, item, options).map(of);
  return [item.replace(REFERENCE, (_all, key: string) => {
    const [first, second] = valuesOf(key, item, options);
    if (second !== undefined) throw refuse(item, options, `"${key}" is a list`);
    return of(first!);
  })];
}

function valuesOf(key: string, item: string, options: FillOptions): string[] {
  const value = Object.hasOwn(options.props, key) ? options.props[key] : undefined;
  if (value === undefined) {
    throw refuse(item, options, `the configuration of "${options.type}" has no "${key}"`);
  }
  const values = Array.isArray(value) ? value : [value];
  if (values.length === 0 || values.some((one) => typeof one !== "string" || one === "")) {
    throw refuse(item, options, `"${key}" of "${options.type}" is no text`);
  }
  return values;
}

function hostOf(text: string, item: string, options: FillOptions): string {
  if (!text.includes("://")) return text;
  const url = URL.parse(text);
  // A scheme that the URL parser does not know gives no host for some spellings; such a text names none.
  if (url === null || url.hostname === "") {
    throw refuse(item, options, "that is no address of a host");
  }
  const port = url.port === "" ? PORTS[url.protocol] : url.port;
  return port === undefined ? url.hostname : `${url.hostname}:${port}`;
}

function refuse(item: string, options: FillOptions, reason: string): Error {
  return fail(
    "config",
    `${formatPlace(options.place)}: the grant "${item}" of "${options.type}" (${options.kind}) ` +
      `cannot be filled in, ${reason}: correct one of the two`,
  );
}
