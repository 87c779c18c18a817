/**
 * A road is one way by which a plugin could reach what it was not given. Each file beside this one walks one road, in
 * every spelling that we know: as a module of `plugins/sources`, run by `kuiper run`, in a Worker and in a process, from
 * the sources under this Deno and in the compiled binary. As a control each spelling is walked in an executable without the
 * sandbox (`src/dev/weaken.ts`), where it must reach what it wants.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import type { OutsideLinks } from "../../src/config/mod.ts";
import { weaken } from "../../src/dev/weaken.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** What must not come out: the content of a file, of a variable, the answer of a server. */
export const SECRET = "kuiper-sandbox-secret";
/** A variable that holds {@link SECRET} wherever a road is walked. */
export const SECRET_NAME = "KUIPER_SANDBOX_SECRET";

/** An attempt on the sandbox. */
export interface Attempt {
  /** An expression that gives what it got hold of; it may use `props`. */
  readonly code: string;
  /**
   * Whether it got through, for one that shows so by what it does.
   *
   * @param got what it gave, as {@link Walked.got} has it; absent when the plugin did not live to tell.
   * @default {it gave something}
   */
  hit?(got: string | undefined, walked: Walked): boolean;
}

/** Attempts by name; a text is the code of one that shows what it got by what it gives. */
export type Attempts = Readonly<Record<string, string | Attempt>>;

/** Through where the plugin does not live to tell: it ended its isolate, or the program. */
export const ended = (code: string): Attempt => ({ code, hit: (got) => got === undefined });

/** Through where it was not refused, or did not live to tell. */
export const allowed = (code: string): Attempt => ({
  code,
  hit: (got) => got === undefined || !got.startsWith("!"),
});

/**
 * Through where the machine was asked, whoever answered: a name that is looked up has been told to somebody, and an address
 * that refuses was reached for.
 */
export const asks = (code: string): Attempt => ({
  code,
  hit: (got) =>
    got === undefined || !got.startsWith("!") ||
    /client error|os error|Connection refused/.test(got),
});

/**
 * A request of the plugin's own that says one address to whoever looks at it, and is fetched by another: what a request
 * is made of lies open under a symbol.
 *
 * @param shown an expression; so is `fetched`.
 */
export const twoFaced = (shown: string, fetched: string): string =>
  `(() => {
    const request = new Request(${shown}) as any;
    const inner = request[Object.getOwnPropertySymbols(request)
      .find((symbol) => String(symbol) === "Symbol(request)")!];
    inner.urlList = [() => ${fetched}];
    inner.urlListProcessed = [];
    let asked = 0;
    inner.url = () => asked++ === 0 ? ${shown} : ${fetched};
    return request;
  })()`;

/**
 * An attempt while what the runtime calls its own functions by is the plugin's, and tells them another thing.
 *
 * @param change statements over `args`, which a function of the runtime is given.
 */
export const takingCalls = (code: string, change: string): string =>
  `(async () => {
    const { call } = Function.prototype;
    Function.prototype.call = function (this: any, self: unknown, ...args: any[]) {
      if (/^op_/.test(this.name)) { ${change} }
      return Reflect.apply(this, self, args);
    };
    try { return await ${code}; } finally { Function.prototype.call = call; }
  })()`;

/** Through where the text, which nothing of the plugin says otherwise, is on standard output, or broke it. */
export const spoils = (code: string, text: string): Attempt => ({
  code,
  hit: (got, { stdout }) => got === undefined || stdout.includes(text),
});

/** What is there while a road is walked. */
export interface Scene extends AsyncDisposable {
  /** Properties of the source. */
  readonly props?: Readonly<Record<string, string>>;
  /** Further checks, when it was walked in the sandbox; `base` is the directory of the program. */
  after?(walked: Walked, base: string): void | Promise<void>;
}

/** How a road is walked. */
export interface Road {
  readonly attempts: Attempts;
  /** Code before the class. */
  readonly head?: string;
  /** Lines of `permissions:` in etc/plugins.yaml. @default {"{}"} */
  readonly permissions?: string | ((scene: Scene) => string);
  /** The same of `outsideLinks:`. @default {"refuse"} */
  readonly outsideLinks?: OutsideLinks;
  /** The plugin is refused before any of it runs. @default {false} */
  readonly neverRuns?: boolean;
  /** Levels of the controls: at another there is nothing to be reached. @default {both} */
  readonly controlledIn?: readonly Level[];
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

/** A program that roads are walked in. */
export interface Venue {
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

/** Where the sandbox holds. */
export const VENUES: readonly Venue[] = [
  {
    name: "from the sources",
    command: [Deno.execPath(), ...kuiperTask(), join(ROOT, "main.ts")],
    why: "",
  },
  { name: "in the binary", command: binary("KUIPER_BINARY"), why: "KUIPER_BINARY is not set" },
];
/** Where it does not. */
export const WEAK: Venue = {
  name: "without the sandbox",
  command: binary("KUIPER_WEAK_BINARY"),
  why: "KUIPER_WEAK_BINARY is not set, make one with src/dev/weaken.ts",
};

/** How a plugin is held. */
export const LEVELS = ["worker", "process"] as const;
export type Level = (typeof LEVELS)[number];

/** Register the tests of a road: two levels in two venues, and the controls. */
export function road(name: string, walk: Road): void {
  for (const isolation of LEVELS) {
    for (const venue of VENUES) {
      register(`${name}: closed in a ${isolation} ${venue.name}`, venue, async () => {
        await walkRoad(walk, { venue, isolation, check: (walked) => assertClosed(walk, walked) });
      });
    }
    if (walk.controlledIn?.includes(isolation) === false) continue;
    register(
      `${name}: open in a ${isolation} ${WEAK.name}`,
      WEAK,
      () => control(name, walk, isolation),
    );
  }
}

/** An attempt that the runtime itself leaves with nothing, sandbox or not. */
interface Shut {
  /** The reason, in words. */
  readonly why: string;
  /** What it gives at each level: where a later runtime gives something else, the reason has to be looked at. */
  readonly worker?: string;
  readonly process?: string;
}

/**
 * Each attempt of a road in an executable without the sandbox: it gets what it wants, or is listed with the reason why it
 * cannot. `UPDATE=1` writes down anew what those give that get nothing; the reasons are for people to write.
 */
async function control(name: string, walk: Road, isolation: Level): Promise<void> {
  const file = new URL(`../golden/sandbox/${name.replaceAll(/\W+/g, "_")}.json`, import.meta.url);
  const known = await readShut(file);
  // All in one program first. What one attempt does may hide the others: they have a program of their own.
  const open = await hits(walk, isolation);
  const gave: Record<string, string> = {};
  for (const [key, attempt] of Object.entries(walk.attempts)) {
    if (open.has(key) && known[key]?.[isolation] === undefined) continue;
    const alone = { ...walk, attempts: { [key]: attempt } };
    const found = await hits(alone, isolation, (walked) => gave[key] = whatItGave(walked, key));
    if (found.has(key)) delete gave[key];
  }
  if (Deno.env.get("UPDATE") === "1") return await updateShut(file, { known, gave, isolation });
  assertEquals(
    gave,
    Object.fromEntries(
      Object.entries(known).flatMap(([key, { [isolation]: text }]) =>
        text === undefined ? [] : [[key, text]]
      ),
    ),
  );
  for (const [key, { why }] of Object.entries(known)) assert(why !== "", `${key} has no reason`);
}

/** Which attempts get through in an executable without the sandbox. */
async function hits(
  walk: Road,
  isolation: Level,
  look: (walked: Walked) => void = () => {},
): Promise<ReadonlySet<string>> {
  let open: readonly string[] = [];
  await walkRoad(walk, {
    venue: WEAK,
    isolation,
    check(walked) {
      look(walked);
      open = openOnes(walk, walked);
    },
  });
  return new Set(open);
}

/**
 * What gets through in an executable from which something was taken out, of several roads at once: they are to have the
 * same grant, and no head.
 */
export async function openWithout(
  executable: string,
  roads: Readonly<Record<string, Road>>,
  isolation: Level,
): Promise<string[]> {
  const attempts = Object.entries(roads).flatMap(([name, walk]) =>
    Object.entries(walk.attempts).map(([key, attempt]) => [`${name} ${key}`, attempt])
  );
  const open: string[] = [];
  await walkRoad({ ...Object.values(roads)[0]!, attempts: Object.fromEntries(attempts) }, {
    venue: { name: "weakened", command: [executable], why: "" },
    isolation,
    check(walked) {
      for (const [name, walk] of Object.entries(roads)) {
        const got = Object.fromEntries(
          Object.keys(walk.attempts).flatMap((key) => {
            const text = walked.got[`${name} ${key}`];
            return text === undefined ? [] : [[key, text]];
          }),
        );
        open.push(
          ...openOnes(walk, { ...walked, got }).map((key) => `${name} ${key}: ${got[key]}`),
        );
      }
    },
  });
  return open;
}

/** What an attempt gave, without what differs from run to run. */
function whatItGave({ got, code, stderr }: Walked, key: string): string {
  const text = got[key] ?? `${code}: ${stderr}`;
  return text.split("\n", 1)[0]!
    .replaceAll(/data:text\/javascript,.*/g, "data:...")
    .replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, "ID")
    .replaceAll(/\d{4,}/g, "N")
    .replaceAll(/(?:\/[\w.@-]+)+\/(?=[\w.-]+)/g, "/")
    .slice(0, 160);
}

async function readShut(file: URL): Promise<Record<string, Shut>> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

async function updateShut(
  file: URL,
  { known, gave, isolation }: {
    known: Record<string, Shut>;
    gave: Record<string, string>;
    isolation: Level;
  },
): Promise<void> {
  const next: Record<string, Shut> = {};
  for (const key of new Set([...Object.keys(known), ...Object.keys(gave)])) {
    const { [isolation]: _old, ...other } = known[key] ?? { why: "" };
    const shut: Shut = gave[key] === undefined ? other : { ...other, [isolation]: gave[key] };
    if (shut.worker !== undefined || shut.process !== undefined) next[key] = shut;
  }
  if (Object.keys(next).length === 0) return await Deno.remove(file).catch(() => {});
  await Deno.writeTextFile(file, JSON.stringify(next, null, 2) + "\n");
}

/** A module that harms by what it yields or says, and what must come of it. */
export interface Harm {
  /** The body of `open`. */
  readonly body: string;
  /** Arguments of `kuiper run` beside the type. @default {[]} */
  readonly args?: readonly string[];
  /** There is a {@link greeter} at `SOCKET`, and the host is granted. @default {false} */
  readonly greeted?: boolean;
  /** It keeps a process from waiting for long, on a slow machine for longer than one may by default. @default {false} */
  readonly slow?: boolean;
  readonly check: (walked: Omit<Walked, "got">) => void;
  /**
   * Why it does no harm in an executable without the sandbox either, where it does none.
   *
   * @default {it does}
   */
  readonly harmless?: string;
}

/** Register the tests of a harm: two levels in two venues, and the control. */
export function harm(name: string, made: Harm): void {
  const { check, harmless } = made;
  for (const isolation of LEVELS) {
    for (const venue of VENUES) {
      register(`${name}, in a ${isolation} ${venue.name}`, venue, async () => {
        check(await runHarm(made, venue, isolation));
      });
    }
  }
  register(
    harmless === undefined ? `${name}: it does ${WEAK.name}` : `${name}, ${WEAK.name} too`,
    WEAK,
    async () => {
      const walked = await runHarm(made, WEAK, "worker");
      if (harmless === undefined) assertThrows(() => check(walked));
      else check(walked);
    },
  );
}

/** Register a test in a copy of the executable that lacks some defences. */
export function without(
  defences: readonly string[],
  name: string,
  fn: (executable: string) => Promise<void>,
): void {
  const whole = VENUES[1]!;
  register(name, whole, async () => {
    const folder = await Deno.makeTempDir({ prefix: "kuiper_layers_" });
    try {
      const executable = `${folder}/kuiper`;
      await weaken(whole.command![0]!, executable, defences);
      await fn(executable);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** What comes of it in a program. */
export async function runHarm(
  { body, args, greeted = false, slow = false }: Harm,
  venue: Venue,
  isolation: Level,
): Promise<Walked> {
  await using server = greeted ? greeter() : undefined;
  const head = server === undefined ? "" : `const SOCKET = "${server.url}";\n`;
  const permissions = server === undefined ? "{}" : `{ net: ["127.0.0.1"] }`;
  const limits = slow && isolation === "process" ? "    limits: { watchdog: 60s }\n" : "";
  const base = await Deno.makeTempDir({ prefix: "kuiper_harm_" });
  try {
    await write(base, {
      "plugins/sources/Road.ts":
        `${head}export class Road { configure() {} async *open(ctx: any) { void ctx; ${body} } }\n`,
      "etc/plugins.yaml":
        `plugins:\n  road:\n    isolation: ${isolation}\n    permissions: ${permissions}\n${limits}`,
      "etc/kuiper.yaml": "basic:\n  gracefulShutdownTimeout: 1s\n",
    });
    return await runIn(venue, base, args);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

/** Write files below `base`. */
export async function write(base: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(base, file)), { recursive: true });
    await Deno.writeTextFile(join(base, file), text);
  }
}

/** Register a test of a venue, which is left out where its program is not there. */
export function register(name: string, { command, why }: Venue, fn: () => Promise<void>): void {
  const missing = command === undefined;
  Deno.test({ name: missing ? `${name} (skipped: ${why})` : name, ignore: missing, fn });
}

function assertClosed(walk: Road, walked: Walked): void {
  const { got, stdout, stderr, code } = walked;
  assertEquals(openOnes(walk, walked).map((name) => [name, got[name]]), [], stderr);
  const tried = walk.neverRuns === true ? [] : Object.keys(walk.attempts);
  assertEquals(Object.keys(got).sort(), tried.sort(), stderr);
  assertEquals(stdout.includes(SECRET), false, "the secret is in the output");
  assertEquals(stderr.includes(SECRET), false, "the secret is in the log");
  assertEquals(code, walk.neverRuns === true ? 1 : 0, stderr);
}

/** The names of those that got through. */
function openOnes({ attempts, harmless }: Road, walked: Walked): string[] {
  return Object.entries(attempts).filter(([name, attempt]) => {
    const got = walked.got[name];
    if (typeof attempt !== "string" && attempt.hit !== undefined) return attempt.hit(got, walked);
    return got !== undefined && !got.startsWith("!") && got !== "undefined" &&
      harmless?.(name, got) !== true;
  }).map(([name]) => name);
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
    const { permissions = "{}", outsideLinks = "refuse" } = walk;
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
        `plugins:\n  road:\n    isolation: ${isolation}\n    permissions: ${grant}\n    outsideLinks: ${outsideLinks}\n`,
      "etc/sources/road.yaml": "default:\n" +
        Object.entries(props).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join(
          "",
        ),
    };
    await write(base, files);
    const walked = await runIn(venue, base);
    check(walked);
    if (VENUES.includes(venue)) await scene.after?.(walked, base);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Statements that try one thing after the other and hand over what `report` makes of each. */
export function triesOf(attempts: Attempts, handOver: (row: string) => string): string[] {
  return Object.entries(attempts).map(([name, attempt]) => {
    const code = typeof attempt === "string" ? attempt : attempt.code;
    const key = JSON.stringify(name);
    return `    try { ${handOver(`report(${key}, await (${code}))`)} }
    catch (error) { ${handOver(`report(${key}, "!" + error)`)} }`;
  });
}

/** A module that tries one thing after the other and yields what each gave. */
function moduleOf({ attempts, head = "" }: Road): string {
  const tries = triesOf(attempts, (row) => `yield ${row};`);
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

/** Milliseconds that a program has: the longest of them needs a tenth. */
const DEADLINE_MS = 120_000;

async function runIn(venue: Venue, base: string, more: readonly string[] = []): Promise<Walked> {
  const ran = await runKuiper(venue, base, { args: ["run", "--type", "road", ...more] });
  return { ...ran, got: gotOf(ran.stdout) };
}

/**
 * Start a program. A copy that was just written may be busy for a moment: a program that another test starts then holds
 * it open until it runs.
 */
async function spawn(program: string, options: Deno.CommandOptions): Promise<Deno.ChildProcess> {
  for (let tries = 0;; tries++) {
    try {
      return new Deno.Command(program, options).spawn();
    } catch (error) {
      if (tries === 100 || !String(error).includes("Text file busy")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Run the program of a venue over a base directory, until it ends or what it says on stderr has `until`. */
export async function runKuiper(
  { command }: Venue,
  base: string,
  { args, until }: { args: readonly string[]; until?: string },
): Promise<Omit<Walked, "got">> {
  const [program, ...before] = command!;
  const child = await spawn(program!, {
    args: [...before, ...args, "--base", base],
    cwd: base,
    env: {
      [SECRET_NAME]: SECRET,
      NO_COLOR: "1",
      DENO_TLS_CA_STORE: "system",
      // By its name there an executable may start itself, wherever it was copied to.
      PATH: `${dirname(program!)}:${Deno.env.get("PATH")}`,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  let overdue = false;
  const timer = setTimeout(() => {
    overdue = true;
    // A process of a plugin ends with its input.
    child.kill("SIGKILL");
  }, DEADLINE_MS);
  const stdout = new Response(child.stdout).text();
  let stderr = "";
  let told = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    stderr += text;
    if (told || until === undefined || !stderr.includes(until)) continue;
    told = true;
    child.kill("SIGTERM");
  }
  const { code } = await child.status;
  clearTimeout(timer);
  if (overdue) {
    throw new Error(`It did not end in ${DEADLINE_MS} ms.\n${await stdout}\n${stderr}`);
  }
  return { code, stdout: await stdout, stderr };
}

function gotOf(stdout: string): Record<string, string> {
  const rows: [string, string][] = [];
  for (const line of stdout.split("\n")) {
    // Behind what an attempt wrote there, or in the middle of it.
    const json = line.slice(line.lastIndexOf('{"name":'));
    try {
      const { name, got } = JSON.parse(json) as { name: string; got: string };
      rows.push([name, got]);
    } catch {
      // No row of ours.
    }
  }
  return Object.fromEntries(rows);
}

/** A server of WebSockets on loopback that greets; what it is told it tells again, and closes. */
export function greeter(): { url: string } & AsyncDisposable {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => {
      socket.send(data);
      socket.close();
    };
    // The program of a plugin may be gone by then.
    socket.onerror = () => {};
    return response;
  });
  return {
    url: `ws://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A server on loopback that knows the secret and counts who asks. */
export function secretServer():
  & { url: string; port: number; requests(): number }
  & AsyncDisposable {
  let requests = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    requests++;
    if (request.headers.get("upgrade") === "websocket") {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onopen = () => socket.close();
      return response;
    }
    if (request.headers.get("accept") === "text/event-stream") {
      return new Response("data: answered\n\n", {
        headers: { "content-type": "text/event-stream" },
      });
    }
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
