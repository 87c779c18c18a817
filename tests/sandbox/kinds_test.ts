/**
 * Sinks and functions are held as sources are: some of each road, walked by one of either kind.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type Attempts,
  type Level,
  LEVELS,
  register,
  runKuiper,
  SECRET,
  SECRET_NAME,
  secretServer,
  triesOf,
  type Venue,
  VENUES,
  WEAK,
  write,
} from "./_venue.ts";

const ATTEMPTS: Attempts = {
  read: "Deno.readTextFileSync(props.path)",
  stat: "Deno.statSync(props.path).size",
  list: "[...Deno.readDirSync(props.folder)].length",
  write: `Deno.writeTextFileSync(props.folder + "/made", "") ?? "written"`,
  fetchFile: `fetch("file://" + props.path).then((answer) => answer.text())`,
  load: `import("file://" + props.script).then((module) => module.default)`,
  code: `(0, eval)("1")`,
  fs: `process.getBuiltinModule("node:fs").readFileSync(props.path, "utf8")`,
  variable: `Deno.env.get("${SECRET_NAME}")`,
  processVariable: `process.env.${SECRET_NAME}`,
  fetch: "fetch(props.url).then((answer) => answer.text())",
  connect:
    `Deno.connect({ hostname: "127.0.0.1", port: Number(props.port) }).then((c) => c.close() ?? "ok")`,
  command: `new Deno.Command("/bin/true").outputSync().code`,
  worker: `new Worker("data:text/javascript,", { type: "module" }).constructor.name`,
  internals: `Object.keys(Deno[Deno.internal].core).length`,
  sys: "Deno.hostname()",
};

const REPORT =
  `const report = (name: string, got: unknown) => ({ name, got: String(got).slice(0, 300) });`;

/** The end of the line after the last attempt. */
const DONE = "that was all";

/** One way to have a plugin called for one row. */
interface Kind {
  readonly folder: string;
  readonly module: string;
  walk(venue: Venue, base: string): Promise<{ got: string; stderr: string; stdout: string }>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  function: {
    folder: "functions",
    module: `export async function road(): Promise<string> {
  const rows: object[] = [];
${triesOf(ATTEMPTS, (row) => `rows.push(${row});`).join("\n")}
  return JSON.stringify(rows);
}`,
    async walk(venue, base) {
      const args = ["query", "SELECT road() AS rows FROM t"];
      const { stdout, stderr } = await runKuiper(venue, base, { args });
      return { stdout, stderr, got: (JSON.parse(stdout || "{}") as { rows: string }).rows ?? "[]" };
    },
  },
  sink: {
    folder: "sinks",
    module: `export class Road {
  readonly takes = "rows";
  configure() {}
  async collect(_: unknown, ctx: any) {
${triesOf(ATTEMPTS, (row) => `ctx.log.info("walked " + JSON.stringify(${row}));`).join("\n")}
    ctx.log.info("${DONE}");
  }
}`,
    async walk(venue, base) {
      const rule = { sql: "SELECT * FROM t", actions: [{ road: {} }] };
      await runKuiper(venue, base, { args: ["create", "rule", "r1", JSON.stringify(rule)] });
      const { stdout, stderr } = await runKuiper(venue, base, { args: ["serve"], until: DONE });
      const rows = [...stderr.matchAll(/walked (\{.*\})$/gm)].map(([, row]) => row);
      return { stdout, stderr, got: `[${rows}]` };
    },
  },
};

async function openBy(
  kind: Kind,
  venue: Venue,
  level: Level,
): Promise<{ open: string[]; tried: string[]; said: string; requests: number }> {
  const folder = await Deno.makeTempDir({ prefix: "kuiper_kind_" });
  try {
    await using server = secretServer();
    const base = `${folder}/base`;
    const props = {
      folder,
      path: `${folder}/secret.json`,
      script: `${folder}/secret.js`,
      url: server.url,
      port: server.port,
    };
    const head = `const props: any = ${JSON.stringify(props)};\n${REPORT}\n`;
    await write(folder, {
      "secret.json": JSON.stringify({ secret: SECRET }),
      "secret.js": `export default "${SECRET}";\n`,
      [`base/plugins/${kind.folder}/road.ts`]: head + kind.module,
      "base/plugins/sources/One.ts":
        "export class One { configure() {} async *open() { yield { message: { v: 1 } }; } }\n",
      "base/etc/plugins.yaml": `plugins:\n  road:\n    isolation: ${level}\n`,
      "base/etc/kuiper.yaml": "basic:\n  restPort: 0\n",
    });
    await Deno.mkdir(`${base}/data`);
    const made = await runKuiper(venue, base, {
      args: ["create", "stream", "t", '() WITH (TYPE="one")'],
    });
    assertEquals(made.code, 0, made.stderr);
    const { got, stdout, stderr } = await kind.walk(venue, base);
    const rows = JSON.parse(got) as { name: string; got: string }[];
    return {
      open: rows.filter(({ got }) => !got.startsWith("!") && got !== "undefined")
        .map(({ name }) => name),
      tried: rows.map(({ name }) => name),
      said: stdout + stderr,
      requests: server.requests(),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = Object.keys(ATTEMPTS);

for (const [name, kind] of Object.entries(KINDS)) {
  for (const level of LEVELS) {
    for (const venue of VENUES) {
      register(`A ${name} gets nothing, in a ${level} ${venue.name}`, venue, async () => {
        const { open, tried, said, requests } = await openBy(kind, venue, level);
        assertEquals(open, [], said);
        assertEquals(tried, names, said);
        assertEquals(said.includes(SECRET), false, "the secret is in the output");
        assertEquals(requests, 0);
      });
    }
    register(`A ${name} gets all, in a ${level} ${WEAK.name}`, WEAK, async () => {
      const { open, said } = await openBy(kind, WEAK, level);
      assertEquals(open, names, said);
    });
  }
}
