import { App } from "../../../src/app.ts";
import { memoryBus } from "../../../src/connection/mod.ts";
import { createLogger, type Row } from "../../../src/core/mod.ts";
import type { RuleState } from "../../../src/rule/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";

/** A stream over a topic of memory. */
export const memoryStream = (name: string, topic: string, more = "") =>
  parseStatement(
    `CREATE STREAM ${name} () WITH (DATASOURCE="${topic}", TYPE="memory"${more})`,
  ) as CreateStream;

/** An application whose rules run. */
export async function startRules() {
  const base = await Deno.makeTempDir({ prefix: "kuiper_rules_" });
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line), { level: "info" });
  const app = await App.open({ base, env: {}, log });
  await app.startRules();
  const rules = await app.rules;
  return {
    app,
    base,
    lines,
    rules,
    /** Resolves when a rule stands so. */
    async becomes(id: string, state: RuleState): Promise<void> {
      for (let turn = 0; turn < 10_000; turn++) {
        if (rules.status(id).state === state) return;
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      throw new Error(`${id} is ${rules.status(id).state}: ${rules.status(id).message}`);
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await Deno.remove(base, { recursive: true });
    },
  };
}

/** What is published to a topic of memory. */
export function collect(topic: string) {
  const rows: Row[] = [];
  let wanted = 0;
  let enough = Promise.withResolvers<void>();
  const subscription = memoryBus.subscribe(topic, (message) => {
    rows.push(...message.rows);
    if (rows.length >= wanted) enough.resolve();
  });
  return {
    rows,
    /** Resolves when so many rows are there. */
    async have(count: number): Promise<Row[]> {
      wanted = count;
      enough = Promise.withResolvers();
      if (rows.length < count) await enough.promise;
      return rows;
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}

/** Publish a row as soon as `readers` read the topic. */
export async function publish(topic: string, rows: readonly Row[], readers = 1): Promise<void> {
  // Nothing is kept for who comes later, and a source says nothing when it is there.
  for (let turn = 0; turn < 10_000; turn++) {
    if (memoryBus.publish(topic, []) >= readers) {
      memoryBus.publish(topic, rows);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  throw new Error(`nobody reads ${topic}`);
}
