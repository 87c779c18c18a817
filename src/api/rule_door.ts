import type { RuleDefinition, RuleState, RuleStatus } from "../rule/mod.ts";

/** A rule in a list. */
export interface RuleSummary {
  readonly id: string;
  readonly name: string;
  readonly status: RuleState;
  readonly version: string;
  readonly tags: readonly string[];
}

/** The nodes of a rule and what flows into what. */
export interface RuleTopo {
  readonly sources: readonly string[];
  readonly edges: Readonly<Record<string, readonly string[]>>;
}

/** What the server needs of the rules. Every call that names a rule throws KuiperError `not_found` for another. */
export interface RuleDoor {
  list(): RuleSummary[] | Promise<RuleSummary[]>;
  /** As it is stored, secrets too. */
  get(id: string): RuleDefinition | Promise<RuleDefinition>;
  /** Check and store a rule, and start it when it is `triggered`. */
  create(json: unknown): Promise<RuleDefinition>;
  /** Check a rule, and put it in the place of the one that is there. */
  update(id: string, json: unknown): Promise<RuleDefinition>;
  drop(id: string): Promise<void>;
  /** @returns false when it runs already. */
  start(id: string): Promise<boolean>;
  /** @returns false when it does not run. */
  stop(id: string): Promise<boolean>;
  restart(id: string): Promise<void>;
  status(id: string): RuleStatus | Promise<RuleStatus>;
  statusAll(): Readonly<Record<string, RuleStatus>> | Promise<Readonly<Record<string, RuleStatus>>>;
  topo(id: string): RuleTopo | Promise<RuleTopo>;
  /** The plan of its query, for people. */
  explain(id: string): string | Promise<string>;
  /** Throws what is wrong with a rule. @returns the streams that it reads. */
  validate(json: unknown): Promise<readonly string[]>;
}
