import { fail } from "../core/mod.ts";
import type { Grant } from "./permissions.ts";
import { ISOLATE_COMMAND } from "./process_protocol.ts";

/** How the process of a plugin is started. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The program that `command` starts in turn, when it is a wrapper; that it may be started is then known. */
  readonly wraps?: string;
}

/** What `fetch` goes by, so that a plugin that may use the network finds it as it would in this program. */
const NETWORK_VARIABLES = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "no_proxy",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** Where Deno keeps packages when the program runs from source. */
const SOURCE_VARIABLES = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"];

/** What a path is searched for in before a program with a name in its run permission starts; it holds nothing. */
const NO_PATH = "/nonexistent";

/** This program again, with nothing in its environment but what the grant names and what the network needs. */
export function ownLaunch(grant: Grant): Launch {
  const { standalone } = Deno.build;
  const names = [
    ...(grant.net === undefined ? [] : NETWORK_VARIABLES),
    ...(standalone ? [] : SOURCE_VARIABLES),
    ...(Array.isArray(grant.env) ? grant.env as string[] : []),
  ];
  return {
    command: Deno.execPath(),
    args: standalone ? [ISOLATE_COMMAND] : [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys",
      "--v8-flags=--disallow-code-generation-from-strings",
      new URL("../../main.ts", import.meta.url).href,
      ISOLATE_COMMAND,
    ],
    env: { PATH: NO_PATH, ...(grant.env === true ? allVariables() : variables(names)) },
  };
}

/**
 * Refuse to run a source in a process where this program may not start itself.
 *
 * @throws KuiperError `denied` with what to build instead.
 */
export function mayLaunch(type: string, launch: Launch): void {
  const { command, wraps } = launch;
  if (wraps !== undefined) return;
  if (Deno.permissions.querySync({ name: "run", command }).state === "granted") return;
  throw fail(
    "denied",
    `Cannot run source "${type}" in a process: this program may not start itself; ` +
      `build it with run permission for ${command} (deno task compile --install=${command}), ` +
      `or set "isolation: worker" for it in etc/plugins.yaml, which contains less`,
  );
}

function variables(names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = variable(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    // What this program may not see it cannot hand on.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

function allVariables(): Record<string, string> {
  return Deno.env.toObject();
}
