/**
 * A road is one way by which a plugin could reach what it was not given. Each file beside this one walks one road, in
 * every spelling that we know: as a module of `plugins/sources`, run by `kuiper run`, in a Worker and in a process, from
 * the sources under this Deno and in the compiled binary. As a control each spelling is walked in an executable without the
 * sandbox (`src/dev/weaken.ts`), where it must reach what it wants.
 */
import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** What must not come out: the content of a file, of a variable, the answer of a server. */
export const SECRET = "kuiper-sandbox-secret";
/** A variable that holds {@link SECRET} wherever a road is walked. */
export const SECRET_NAME = "KUIPER_SANDBOX_SECRET";

/** An expression that gives what it got hold of; it may use `props`. */
export type Attempts = Readonly<Record<string, string>>;

/** What is there while a road is walked. */
export interface Scene extends AsyncDisposable {
  /** Properties of the source. */
  readonly props?: Readonly<Record<string, string>>;
  /** Further checks, when it was walked; `base` is the directory of the program. */
  after?(walked: Walked, base: string): void | Promise<void>;
}

/** How a road is walked. */
export interface Road {
  readonly attempts: Attempts;
  /** Code before the class. */
  readonly head?: string;
  /** Lines of `permissions:` in etc/plugins.yaml. @default {"{}"} */
  readonly permissions?: string | ((scene: Scene) => string);
  /**
   * Makes what is there. `folder` is outside of the program's directory `base` and holds `secret.json`; the program
   * itself may write `base/data`.
   */
  scene?(folder: string, base: string): Promise<Scene>;
  /** What may be got: harmless values. @default {nothing but undefined} */
  readonly harmless?: (name: string, got: string) => boolean;
}

/** How it went. */
export interface Walked {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What each attempt gave: its value as text, or what it threw after a `!`. */
  readonly got: Readonly<Record<string, string>>;
}

interface Venue {
  readonly name: string;
  readonly command: readonly string[] | undefined;
  readonly why: string;
}

const kuiperTask = () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json"))) as {
    tasks: { kuiper: string };
  };
  // The task grants the right to start itself by asking where Deno is.
  return tasks.kuiper.replace(/\$\(.*'\)/, Deno.execPath()).split(" ").slice(1, -1);
};

const binary = (variable: string) => {
  const path = Deno.env.get(variable);
  return path === undefined || path === "" ? undefined : [
    join(Deno.cwd(), "/").startsWith("/") &&
      !path.startsWith("/")
      ? join(Deno.cwd(), path)
      : path,
  ];
};

const VENUES: readonly Venue[] = [
  {
    name: "from the sources",
    command: [Deno.execPath(), ...kuiperTask(), join(ROOT, "main.ts")],
    why: "",
  },
  { name: "in the binary", command: binary("KUIPER_BINARY"), why: "KUIPER_BINARY is not set" },
];
const WEAK: Venue = {
  name: "without the sandbox",
  command: binary("KUIPER_WEAK_BINARY"),
  why: "KUIPER_WEAK_BINARY is not set, make one with src/dev/weaken.ts",
};

/** Register the tests of a road: two levels in two venues, and the control. */
export function road(name: string, walk: Road): void {
  for (const venue of VENUES) {
    for (const isolation of ["worker", "process"] as const) {
      register(`${name}: closed in a ${isolation} ${venue.name}`, venue, async () => {
        await walkRoad(walk, { venue, isolation, check: (walked) => assertClosed(walk, walked) });
      });
    }
  }
  register(`${name}: open ${WEAK.name}`, WEAK, () => control(name, walk));
}

/**
 * Each attempt of a road alone, in an executable without the sandbox: it gets what it wants, or it is listed as one that
 * the runtime itself leaves with nothing, and stays for what later runtimes bring. `UPDATE=1` writes that list anew.
 */
async function control(name: string, walk: Road): Promise<void> {
  const file = new URL(`../golden/sandbox/${name.replaceAll(/\W+/g, "_")}.json`, import.meta.url);
  const update = Deno.env.get("UPDATE") === "1";
  const known = new Set<string>(update ? [] : JSON.parse(await Deno.readTextFile(file)));
  const shut: string[] = [];
  for (const [key, expression] of Object.entries(walk.attempts)) {
    if (known.has(key)) continue;
    let got: string | undefined;
    await walkRoad({ ...walk, attempts: { [key]: expression } }, {
      venue: WEAK,
      isolation: "worker",
      check: (walked) => void (got = walked.got[key]),
    }).catch(() => {
      // What it did to the output or to the scene tells that it got through, or that nothing could be told.
    });
    if (got === undefined || got.startsWith("!") || got === "undefined") shut.push(key);
  }
  if (update) await Deno.writeTextFile(file, JSON.stringify(shut, null, 1) + "\n");
  else assertEquals(shut, [], "these prove nothing");
}

/** A module that harms by what it yields or says, and what must come of it. */
export interface Harm {
  /** The body of `open`. */
  readonly body: string;
  /** Arguments of `kuiper run` beside the type. @default {[]} */
  readonly args?: readonly string[];
  readonly check: (walked: Omit<Walked, "got">) => void;
}

/** Register the tests of a harm: two levels in two venues. */
export function harm(name: string, { body, args = [], check }: Harm): void {
  for (const venue of VENUES) {
    for (const isolation of ["worker", "process"] as const) {
      register(`${name}, in a ${isolation} ${venue.name}`, venue, async () => {
        const base = await Deno.makeTempDir({ prefix: "kuiper_harm_" });
        try {
          await write(base, {
            "plugins/sources/Road.ts":
              `export class Road { configure() {} async *open(ctx: any) { void ctx; ${body} } }\n`,
            "etc/plugins.yaml": `plugins:\n  road:\n    isolation: ${isolation}\n`,
            "etc/kuiper.yaml": "basic:\n  gracefulShutdownTimeout: 1s\n",
          });
          check(await runIn(venue, base, args));
        } finally {
          await Deno.remove(base, { recursive: true });
        }
      });
    }
  }
}

async function write(base: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(base, file)), { recursive: true });
    await Deno.writeTextFile(join(base, file), text);
  }
}

function register(name: string, { command, why }: Venue, fn: () => Promise<void>): void {
  const missing = command === undefined;
  Deno.test({ name: missing ? `${name} (skipped: ${why})` : name, ignore: missing, fn });
}

function assertClosed({ attempts, harmless }: Road, { got, stdout, stderr, code }: Walked): void {
  assertEquals(Object.keys(got).sort(), Object.keys(attempts).sort(), stderr);
  const open = Object.entries(got).filter(([name, text]) =>
    !text.startsWith("!") && text !== "undefined" && harmless?.(name, text) !== true
  );
  assertEquals(open, []);
  assertEquals(stdout.includes(SECRET), false, "the secret is in the output");
  assertEquals(stderr.includes(SECRET), false, "the secret is in the log");
  assertEquals(code, 0, stderr);
}

async function walkRoad(
  walk: Road,
  { venue, isolation, check }: {
    venue: Venue;
    isolation: "worker" | "process";
    check(walked: Walked): void;
  },
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kuiper_road_" });
  try {
    const outside = join(folder, "outside");
    const base = join(folder, "base");
    await Deno.mkdir(outside);
    await Deno.mkdir(join(base, "data"), { recursive: true });
    await Deno.writeTextFile(join(outside, "secret.json"), JSON.stringify({ secret: SECRET }));
    await Deno.writeTextFile(join(outside, "secret.js"), `export default "${SECRET}";\n`);
    await using scene: Scene = await walk.scene?.(outside, base) ?? {
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const { permissions = "{}" } = walk;
    const grant = typeof permissions === "string" ? permissions : permissions(scene);
    const props: Record<string, string> = {
      path: join(outside, "secret.json"),
      script: join(outside, "secret.js"),
      folder: outside,
      ...scene.props,
    };
    const files = {
      "plugins/sources/Road.ts": moduleOf(walk),
      "etc/plugins.yaml":
        `plugins:\n  road:\n    isolation: ${isolation}\n    permissions: ${grant}\n`,
      "etc/sources/road.yaml": "default:\n" +
        Object.entries(props).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join(
          "",
        ),
    };
    await write(base, files);
    const walked = await runIn(venue, base);
    check(walked);
    await scene.after?.(walked, base);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A module that tries one thing after the other and yields what each gave. */
function moduleOf({ attempts, head = "" }: Road): string {
  const tries = Object.entries(attempts).map(([name, expression]) =>
    `    try { yield report(${JSON.stringify(name)}, await (${expression})); }
    catch (error) { yield report(${JSON.stringify(name)}, "!" + error); }`
  );
  return `${head}
const report = (name: string, got: unknown) => {
  let text;
  try { text = String(got); } catch { text = "[cannot be shown]"; }
  return { message: { name, got: text.slice(0, 2000) } };
};
export class Road {
  props: any;
  configure(_: string, props: any) { this.props = props; }
  async *open(ctx: any) {
    const { props } = this;
    void [ctx, props];
${tries.join("\n")}
  }
}
`;
}

async function runIn(
  { command }: Venue,
  base: string,
  more: readonly string[] = [],
): Promise<Walked> {
  const [program, ...before] = command!;
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args: [...before, "run", "--type", "road", "--base", base, ...more],
    cwd: base,
    env: { [SECRET_NAME]: SECRET, NO_COLOR: "1", DENO_TLS_CA_STORE: "system" },
    stdin: "null",
  }).output();
  const out = new TextDecoder().decode(stdout);
  return {
    code,
    stdout: out,
    stderr: new TextDecoder().decode(stderr),
    get got() {
      const rows = out.split("\n").filter((line) => line.startsWith("{")).map((line) =>
        JSON.parse(line) as { name: string; got: string }
      );
      return Object.fromEntries(rows.map(({ name, got }) => [name, got]));
    },
  };
}

/** A server on loopback that knows the secret and counts who asks. */
export function secretServer():
  & { url: string; port: number; requests(): number }
  & AsyncDisposable {
  let requests = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    requests++;
    const to = new URL(request.url).searchParams.get("to");
    return to === null ? new Response(SECRET) : Response.redirect(to, 302);
  });
  const { port } = server.addr;
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    requests: () => requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
