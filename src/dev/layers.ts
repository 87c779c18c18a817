/** A folder of `src/` (or a file beside it) and what it may know of the others. */
export interface Layer {
  /** What it is, in a few words. */
  readonly about: string;
  /** The layers it may import; itself is understood. */
  readonly imports: readonly string[];
  /** Words that must not stand in its code. */
  readonly without?: readonly ("await" | "Deno")[];
}

const WORDS = ["core", "flow", "contract"];
const ENGINE = [
  ...WORDS,
  "connection",
  "source",
  "sink",
  "format",
  "function",
  "sql",
  "stream",
  "rule",
];

/**
 * The import table: the architecture as data. A layer imports only from layers above it, so there is no cycle. The
 * lint of this folder holds the tree to it, and `src/README.md` to what {@link layerTable} makes of it. A new folder
 * begins with its line here.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  core: { about: "values, errors, time, log", imports: [] },
  flow: { about: "channel, backoff, task scope", imports: ["core"], without: ["Deno"] },
  contract: {
    about: "what an author implements, and how it is run",
    imports: ["core", "flow"],
    without: ["Deno"],
  },
  connection: { about: "clients of the outside world", imports: WORDS },
  source: { about: "built-in sources", imports: [...WORDS, "connection"] },
  sink: { about: "built-in sinks", imports: [...WORDS, "connection"] },
  format: { about: "bytes to rows, and rows to bytes", imports: WORDS, without: ["Deno"] },
  function: { about: "the functions of SQL", imports: WORDS, without: ["await", "Deno"] },
  sql: {
    about: "lexer, parser, printer; pure",
    imports: ["core", "contract"],
    without: ["await", "Deno"],
  },
  stream: { about: "the async iterator", imports: [...WORDS, "format", "sql"], without: ["Deno"] },
  rule: {
    about: "a query over a stream, feeding sinks",
    imports: [...WORDS, "format", "sql", "stream"],
    without: ["Deno"],
  },
  config: { about: "YAML, environment, grants", imports: ["core"] },
  store: { about: "SQLite, the lock of `data/`, what runs now", imports: ["core"] },
  loader: { about: "from a file to a running isolate", imports: WORDS },
  app: {
    about: "the only place where these meet",
    imports: [...ENGINE, "config", "store", "loader"],
  },
  api: { about: "REST", imports: [...WORDS, "sql", "stream", "rule", "app"] },
  cli: {
    about: "one file a command",
    imports: ["core", "function", "config", "store", "sql", "stream", "rule", "app", "api"],
  },
  main: { about: "runs the command line, or a plugin's process", imports: ["cli", "loader"] },
  dev: {
    about: "compile, lint, demo; never in the binary",
    imports: ["core", "loader", "cli"],
  },
  plugins: { about: "plugins that ship as examples", imports: [] },
};

/** How the table names a layer that is no folder of `src/`. */
const SHOWN: Readonly<Record<string, string>> = {
  app: "app.ts",
  main: "main.ts",
  plugins: "plugins/",
};

/** Layers that may end the process or write to the terminal. */
export const TERMINAL_LAYERS: readonly string[] = ["main", "cli", "dev"];

const OUTER = ["source", "sink", "connection", "config", "store", "loader", "app", "cli", "dev"];

/**
 * Which layers may import which package; one that is not here may be imported by none. A heavy package has one home,
 * so that one place decides when it is loaded.
 */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@std/yaml": ["config", "cli", "dev"],
  "@std/path": OUTER,
  "@std/cli/parse-args": ["cli", "dev"],
  "@cfworker/json-schema": ["config", "loader", "app"],
  mqtt: ["source", "connection"],
  amaro: ["loader", "dev"],
  acorn: ["loader", "dev"],
  aedes: ["dev"],
  hono: ["api"],
  kuiper: ["plugins"],
  "node:sqlite": ["store"],
  "node:readline": ["cli"],
  // A terminal as a stream, for editing lines; what the program takes of the processor.
  "node:process": ["cli", "api"],
  "node:timers": ["loader"],
  // Digests that do not wait: those of the Web do, and no expression may.
  "node:crypto": ["function", "loader"],
  // The way to a broker; the loader and the demo as with any other.
  "node:net": ["connection", "loader", "dev"],
  "node:tls": ["connection", "loader", "dev"],
  // Any other: the loader hands the safe ones to plugins, the demo gives its broker a socket.
  "node:*": ["loader", "dev"],
};

/** The import table as `src/README.md` quotes it: a Markdown table, one row per layer. */
export function layerTable(): string {
  const rows = Object.entries(LAYERS).map(([name, { about, imports }]) => {
    const shown = SHOWN[name] ?? name;
    const others = name === "plugins" ? '"kuiper"' : imports.join(", ");
    return `| \`${shown}\` | ${about} | ${others === "" ? "nothing" : others} |`;
  });
  return ["| folder | what it is | may import |", "| --- | --- | --- |", ...rows].join("\n");
}
