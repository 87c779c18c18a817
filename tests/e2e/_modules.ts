/** A base directory and a server of modules over https, for tests of plugins by URL. */
import { type Certificates, makeCertificates } from "../fakes/mod.ts";
import { type ModuleServer, startModuleServer } from "../fakes/module_server.ts";
import { type Base, kuiper, makeBase, type Outcome } from "./_kuiper.ts";

/** Both, and commands run in the one against the other. */
export interface Site extends AsyncDisposable {
  readonly base: Base;
  readonly server: ModuleServer;
  readonly certificates: Certificates;
  /** Run a command to its end. */
  call(...args: string[]): Promise<Outcome>;
  /** `plugin add NAME URL --yes`, with more flags. */
  add(name: string, path: string, ...flags: string[]): Promise<Outcome>;
  /** Run a stream over a TYPE to its end, without storing it. */
  run(type: string, ...flags: string[]): Promise<Outcome>;
}

/** A source that counts, in two modules. */
export const COUNTER = {
  "/counter.ts": `import type { Props, Source, StreamContext } from "kuiper";
import { label } from "./lib/label.ts";
export const manifest = {
  contract: 1,
  version: "1.2.0",
  description: "Counts",
  licence: "MIT",
  permissions: { net: ["api.example.org:443"] },
  properties: { type: "object", properties: { to: { type: "integer" } } },
};
export default class implements Source {
  #to = 3;
  configure(_datasource: string, props: Props) {
    this.#to = Number(props.to ?? 3);
  }
  async *open(_ctx: StreamContext) {
    for (let i = 0; i < this.#to; i++) yield { message: { i, label: label(i) } };
  }
}
`,
  "/lib/label.ts": "export const label = (i: number): string => `number ${i}`;\n",
};

/** Start a server with `routes` and make a base directory whose caFile trusts it. */
export async function startSite(
  routes: Record<string, string> = COUNTER,
  files: Record<string, string> = {},
): Promise<Site> {
  const certificates = await makeCertificates();
  const server = await startModuleServer({ routes, tls: certificates });
  const base = await makeBase({
    "etc/kuiper.yaml": `plugins:\n  caFile: ${certificates.ca}\n`,
    ...files,
  });
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  return {
    base,
    server,
    certificates,
    call,
    add: (name, path, ...flags) => call("plugin", "add", name, server.url(path), "--yes", ...flags),
    async run(type, ...flags) {
      await base.write({ [`${type}.sql`]: `CREATE STREAM s () WITH (TYPE="${type}")` });
      return await call("run", "-f", `${type}.sql`, "s", ...flags);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await base[Symbol.asyncDispose]();
      await certificates[Symbol.asyncDispose]();
    },
  };
}

/** Every file below a directory, with its text; empty where it does not exist. */
export async function snapshot(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  try {
    for await (const entry of Deno.readDir(path)) {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory) Object.assign(files, await snapshot(inner));
      else files[inner] = await Deno.readTextFile(inner);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}
