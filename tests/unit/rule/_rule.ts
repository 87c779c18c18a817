import { fail, type KuiperError } from "../../../src/core/mod.ts";
import { type OpStatus, parseRule, type RuleDefinition } from "../../../src/rule/mod.ts";
import type { RunningRule } from "../../../src/rule/rule_life.ts";

/** A run that does as the test says. */
export class FakeRun implements RunningRule {
  readonly #closed = Promise.withResolvers<KuiperError | undefined>();
  readonly closed = this.#closed.promise;
  stops = 0;
  parts: OpStatus[] = [];

  stop(): void {
    this.stops++;
    this.#closed.resolve(undefined);
  }

  ops(): OpStatus[] {
    return this.parts;
  }

  /** The input has ended. */
  done(): void {
    this.#closed.resolve(undefined);
  }

  /** It fails. */
  fail(message: string): void {
    this.#closed.resolve(fail("source", message));
  }
}

/** Opens fake runs, one after the other. */
export class FakeRuns {
  readonly runs: FakeRun[] = [];
  #opened = Promise.withResolvers<FakeRun>();
  /** What keeps the next one from being opened. */
  refuse: Error | undefined;

  readonly open = (_rule: RuleDefinition, running: () => void): Promise<RunningRule> => {
    if (this.refuse !== undefined) return Promise.reject(this.refuse);
    const run = new FakeRun();
    this.runs.push(run);
    this.#opened.resolve(run);
    this.#opened = Promise.withResolvers();
    running();
    return Promise.resolve(run);
  };

  /** The next one that is opened. */
  next(): Promise<FakeRun> {
    return this.#opened.promise;
  }
}

/** The JSON of a rule. */
export function ruleJson(id = "r1", more: object = {}) {
  return { id, sql: "SELECT * FROM demo", actions: [{ nop: {} }], ...more };
}

/** A rule. */
export const rule = (id?: string, more?: object) => parseRule(ruleJson(id, more));
