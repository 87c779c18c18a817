/** The application over a base directory made for one measurement. */
import { dirname, join } from "@std/path";
import { App } from "../../src/app.ts";
import { createLogger } from "../../src/core/mod.ts";
import { type CreateStream, parseStatement } from "../../src/sql/mod.ts";

/** An application that removes its directory when it is disposed of. */
export interface BenchApp extends AsyncDisposable {
  readonly app: App;
  /** A statement that defines a stream. */
  parse(statement: string): CreateStream;
  /** Start a stream: what stands behind its name in CREATE STREAM. */
  run(definition: string, name?: string): ReturnType<App["run"]>;
}

/** Open the application over `files`, by their paths below its base directory. */
export async function openApp(files: Readonly<Record<string, string>>): Promise<BenchApp> {
  const base = await Deno.makeTempDir({ prefix: "kuiper_bench_" });
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(base, path)), { recursive: true });
    await Deno.writeTextFile(join(base, path), text);
  }
  const log = createLogger((line) => console.error(line), { level: "error" });
  const app = await App.open({ base, env: {}, log });
  const parse = (statement: string) => parseStatement(statement) as CreateStream;
  return {
    app,
    parse,
    run: (definition, name = "bench") => app.run(parse(`CREATE STREAM ${name} ${definition}`)),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await Deno.remove(base, { recursive: true });
    },
  };
}
