import { App } from "../../../src/app.ts";
import { createLogger } from "../../../src/core/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";
import { startModuleServer } from "../../fakes/mod.ts";

/** A source that counts until it is stopped. */
export const TICK = `export default class {
  configure() {}
  async *open(ctx) {
    for (let n = 0; !ctx.signal.aborted; n++) {
      yield { message: { n } };
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}
`;
/** An application over plugins by URL that are approved. */
export async function startApp(
  routes: Record<string, string>,
  options: { limits?: string; functions?: readonly string[] } = {},
) {
  const server = await startModuleServer({ routes });
  const base = await Deno.makeTempDir({ prefix: "kuiper_app_" });
  const lines: string[] = [];
  const app = await App.open({
    base,
    env: {},
    log: createLogger((line) => lines.push(line), { level: "info" }),
  });
  for (const path of Object.keys(routes)) {
    const name = path.slice(1).replace(".js", "");
    const proposal = await app.proposePlugin({
      name,
      of: options.functions?.includes(name) ? "function" : "source",
      url: server.url(path),
    });
    await proposal.approve();
  }
  if (options.limits !== undefined) {
    const file = `${base}/etc/plugins.yaml`;
    const text = await Deno.readTextFile(file);
    const limits = `$&    limits: ${options.limits}\n`;
    await Deno.writeTextFile(file, text.replaceAll(/ {4}url: "http:.*\n/g, limits));
  }
  await server.stop();
  return {
    app,
    base,
    lines,
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await Deno.remove(base, { recursive: true });
    },
  };
}

/** A stream over a TYPE. */
export const stream = (type: string) =>
  parseStatement(`CREATE STREAM ${type}_s () WITH (TYPE="${type}")`) as CreateStream;
