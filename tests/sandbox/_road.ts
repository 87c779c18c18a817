/**
 * A road is one way by which a plugin without permissions could reach what it was not given. Each file beside this
 * one walks one road, in every spelling that we know.
 */
import { assertEquals } from "@std/assert";
import type { Grant } from "../../src/loader/mod.ts";
import { runPlugin, source } from "../unit/loader/_plugin.ts";

/** What must not come out: the content of a file, and of a variable. */
export const SECRET = "kuiper-sandbox-secret";

/** Expressions by name; each gives what it got hold of. They may use `props`. */
export type Attempts = Readonly<Record<string, string>>;

/** What each attempt gave: its value as text, or what it threw after a `!`. */
export async function walk(
  attempts: Attempts,
  options: { permissions?: Grant; props?: Record<string, string>; head?: string } = {},
): Promise<Record<string, string>> {
  const { permissions = {}, props = {}, head = "" } = options;
  const body = Object.entries(attempts).map(([name, expression]) =>
    `try { yield { message: { name: ${
      JSON.stringify(name)
    }, got: String(await (${expression})) } }; }
     catch (error) { yield { message: { name: ${JSON.stringify(name)}, got: "!" + error } }; }`
  );
  const run = await runPlugin(`${head}\n${source(body.join("\n"))}`, {
    permissions,
    spec: { props },
  });
  assertEquals(run.closed.end, { kind: "done" });
  return Object.fromEntries(run.rows.map((row) => [row?.name, row?.got])) as Record<string, string>;
}

/** Assert that each attempt threw or found nothing. */
export async function assertClosed(
  attempts: Attempts,
  options: Parameters<typeof walk>[1] = {},
): Promise<void> {
  const got = await walk(attempts, options);
  assertEquals(Object.keys(got), Object.keys(attempts));
  const open = Object.entries(got).filter(([, text]) =>
    !text.startsWith("!") && text !== "undefined"
  );
  assertEquals(open, []);
  assertEquals(JSON.stringify(got).includes(SECRET), false);
}

/** Runs `use` with the path of a file that holds {@link SECRET}, as JSON. */
export async function withSecretFile(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/secret.json`;
    await Deno.writeTextFile(path, JSON.stringify({ secret: SECRET }));
    await use(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
