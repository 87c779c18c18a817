import { asKuiperError, type Clock, fail, type Logger, nearest } from "../core/mod.ts";
import { maskedStatus } from "./masked_status.ts";
import { parseRule } from "./parse_rule.ts";
import type { RuleDefinition } from "./rule_definition.ts";
import { RuleLife, type RuleLifeOptions } from "./rule_life.ts";
import type { RuleState, RuleStatus } from "./status.ts";
import { type RuleTopo, topologyOf } from "./topology.ts";

/** What is known of a rule before it runs. */
export interface CheckedRule {
  /** The stream that it reads. */
  readonly stream: string;
  /** The plan of its query, for people. */
  readonly explained: string;
  /** The names of its operators, in the order of the flow. */
  readonly operators: readonly string[];
  /** What is worth knowing, in sentences. */
  readonly warnings: readonly string[];
}

/** A rule as it is kept. */
export interface KeptRule {
  readonly id: string;
  /** Its JSON. */
  readonly definition: string;
  readonly stream: string;
  readonly wanted: "running" | "stopped";
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly updated: number;
}

/** Where rules are kept. Each call is on the disk when it returns. */
export interface RuleKeeper {
  /** @throws KuiperError `exists` when the id is taken. */
  add(rule: KeptRule): void;
  replace(rule: Omit<KeptRule, "created">): void;
  want(id: string, wanted: KeptRule["wanted"]): void;
  /** Take a rule out, with the state of what ran for it. */
  remove(id: string): void;
  /** Take out the state of what ran for a rule that is not there any more. */
  removeState(id: string): void;
  list(): readonly KeptRule[];
}

/** What the manager works with. */
export interface RuleManagerOptions extends Pick<RuleLifeOptions, "open"> {
  readonly keeper: RuleKeeper;
  /** Everything that can be known of a rule before it runs. @throws what is wrong with it. */
  check(rule: RuleDefinition): Promise<CheckedRule>;
  /** Hides in a text what nobody should read. */
  mask(text: string): string;
  readonly log: Logger;
  readonly clock: Clock;
}

/** A rule in a list. */
export interface RuleSummary {
  readonly id: string;
  readonly name: string;
  readonly status: RuleState;
  readonly version: string;
  readonly tags: readonly string[];
}

/** How many rules are put together at once when the program starts. */
const STARTS_AT_ONCE = 8;

/**
 * The rules of the program: made, checked, kept, started and stopped.
 *
 * - **Kept first**: a rule is on the disk before anybody is told that it is there.
 * - **Checked first**: what cannot run is refused, and an update that cannot run changes nothing.
 * - **Nothing runs** before {@link RuleManager.restore}: what is started before that is only remembered.
 * - **Back again**: `restore` starts those that ran, and one that cannot keeps no other from it.
 * - **Masked**: whoever asks how a rule stands reads no secret, whatever a plugin or a server said.
 */
export class RuleManager implements AsyncDisposable {
  readonly #options: RuleManagerOptions;
  readonly #lives = new Map<string, RuleLife>();
  /** Dropped rules of which something runs still, by id. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** What cannot be read, by id, with why. */
  readonly #broken = new Map<string, string>();
  #restored: Promise<void> | undefined;
  #closed = false;

  constructor(options: RuleManagerOptions) {
    this.#options = options;
    for (const { id, definition } of options.keeper.list()) {
      try {
        this.#lives.set(id, this.#life(parseRule(JSON.parse(definition))));
      } catch (error) {
        // Another version of the program wrote it.
        const why = asKuiperError(error).message;
        this.#broken.set(id, why);
        options.log.error(`rule "${id}" cannot be read: ${why}`);
      }
    }
  }

  /** Start the rules that ran when the program ended. Resolves when each has been put together, or could not be. */
  restore(): Promise<void> {
    return this.#restored ??= this.#restore();
  }

  /** Every rule, by id. */
  list(): RuleSummary[] {
    const broken = [...this.#broken.keys()].map((id) => ({
      id,
      name: "",
      status: "stopped by error" as const,
      version: "",
      tags: [],
    }));
    const read = [...this.#lives.values()].map(({ rule, state }) => ({
      id: rule.id,
      name: rule.name,
      status: state,
      version: rule.version,
      tags: rule.tags,
    }));
    return [...read, ...broken].sort((a, b) => a.id < b.id ? -1 : 1);
  }

  /** A rule's definition. @throws KuiperError `not_found` with the nearest id. */
  get(id: string): RuleDefinition {
    return this.#need(id).rule;
  }

  /**
   * Check and store a rule, and start it when it is `triggered`.
   *
   * @throws KuiperError `exists` when the id is taken, or what is wrong with the rule; then nothing was stored.
   */
  async create(json: unknown): Promise<RuleDefinition> {
    const rule = parseRule(json);
    if (this.#lives.has(rule.id) || this.#broken.has(rule.id)) throw taken(rule.id);
    // Two never use the same client id, file or offset.
    await this.#leaving.get(rule.id);
    const { stream } = await this.#check(rule);
    const now = this.#options.clock.now();
    this.#options.keeper.add({
      id: rule.id,
      definition: textOf(json, rule.id),
      stream,
      wanted: rule.triggered ? "running" : "stopped",
      created: now,
      updated: now,
    });
    const life = this.#life(rule);
    this.#lives.set(rule.id, life);
    if (rule.triggered) await this.#start(life);
    return rule;
  }

  /**
   * Check a rule and put it in the place of the one that is there, which is stopped for it. It is started when it is
   * `triggered`, which a rule is unless it says otherwise.
   *
   * @throws KuiperError `rule` for a lower version, or what is wrong with the rule; then the old one goes on.
   */
  async update(id: string, json: unknown): Promise<RuleDefinition> {
    const life = this.#need(id);
    const rule = parseRule(json, { id });
    const { version } = life.rule;
    if (rule.version < version) {
      throw fail(
        "rule",
        `Rule "${id}" has version "${version}", and "${rule.version}" is lower: send a higher one`,
      );
    }
    const { stream } = await this.#check(rule);
    const updated = await life.update(rule, {
      store: () =>
        this.#options.keeper.replace({
          id,
          definition: textOf(json, id),
          stream,
          wanted: rule.triggered ? "running" : "stopped",
          updated: this.#options.clock.now(),
        }),
      run: rule.triggered && this.#runs,
    });
    if (!updated) throw this.#missing(id);
    return rule;
  }

  /** Stop a rule and forget it. */
  async drop(id: string): Promise<void> {
    const { keeper } = this.#options;
    if (this.#broken.has(id)) {
      keeper.remove(id);
      this.#broken.delete(id);
      return;
    }
    const left = Promise.withResolvers<void>();
    try {
      const dropped = await this.#need(id).drop(() => {
        keeper.remove(id);
        this.#lives.delete(id);
        this.#leaving.set(id, left.promise);
      });
      if (!dropped) throw this.#missing(id);
      // At its end it has stored where it stood: the next rule of this id shall not begin there.
      keeper.removeState(id);
    } finally {
      if (this.#leaving.get(id) === left.promise) this.#leaving.delete(id);
      left.resolve();
    }
  }

  /** Start a rule. @returns whether that changed anything: false for one that runs already. */
  async start(id: string): Promise<boolean> {
    return await this.#wanting(id, "running", (life, keep) => this.#start(life, keep));
  }

  /** Stop a rule; it stays stopped when the program starts again. @returns whether that changed anything. */
  async stop(id: string): Promise<boolean> {
    return await this.#wanting(id, "stopped", (life, keep) => life.stop(undefined, keep));
  }

  /** Stop a rule and start it again. */
  async restart(id: string): Promise<void> {
    await this.#wanting(
      id,
      "running",
      (life, keep) =>
        this.#runs ? life.restart("told to start again", keep) : this.#start(life, keep),
    );
  }

  /** Start those of these rules again that run: what they read has changed. @param between called when all have stopped. */
  async restartAll(ids: Iterable<string>, reason: string, between = () => {}): Promise<void> {
    const lives = [...ids].flatMap((id) => this.#lives.get(id) ?? []).filter((life) =>
      life.isAlive
    );
    // All must have left a shared stream before the first comes back, or it would come back to the old one.
    await Promise.all(lives.map((life) => life.stop(reason)));
    between();
    await Promise.all(lives.map((life) => this.#start(life)));
  }

  /** How a rule stands. */
  status(id: string): RuleStatus {
    const why = this.#broken.get(id);
    return this.#masked(why === undefined ? this.#need(id).status() : brokenStatus(why));
  }

  /** How all rules stand, by id. */
  statusAll(): Record<string, RuleStatus> {
    return Object.fromEntries([
      ...[...this.#lives].map(([id, life]) => [id, this.#masked(life.status())] as const),
      ...[...this.#broken].map(([id, why]) => [id, this.#masked(brokenStatus(why))] as const),
    ]);
  }

  #masked(status: RuleStatus): RuleStatus {
    return maskedStatus(status, (text) => this.#options.mask(text));
  }

  /** What flows into what. */
  async topo(id: string): Promise<RuleTopo> {
    const { rule } = this.#need(id);
    const { stream, operators } = await this.#options.check(rule);
    return topologyOf({ stream, operators, actions: rule.actions });
  }

  /** The plan of its query, for people. */
  async explain(id: string): Promise<string> {
    return (await this.#options.check(this.#need(id).rule)).explained;
  }

  /** @returns the streams that a rule reads. @throws what is wrong with it. */
  async validate(json: unknown): Promise<readonly string[]> {
    return [(await this.#options.check(parseRule(json))).stream];
  }

  /** Stop all rules; those that ran run again with the next start of the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lives.values()].map((life) => life.stop("the program stops")));
    await Promise.all(this.#leaving.values());
    await this.#restored;
  }

  get #runs(): boolean {
    return this.#restored !== undefined && !this.#closed;
  }

  async #start(life: RuleLife, keep?: () => void): Promise<boolean> {
    if (this.#runs) return await life.start(keep);
    keep?.();
    return false;
  }

  /** Do something to a rule that changes what is wanted of it. @throws KuiperError `not_found` also when it is dropped first. */
  async #wanting(
    id: string,
    wanted: KeptRule["wanted"],
    what: (life: RuleLife, keep: () => void) => Promise<boolean>,
  ): Promise<boolean> {
    let kept = false;
    const changed = await what(this.#need(id), () => {
      this.#options.keeper.want(id, wanted);
      kept = true;
    });
    if (!kept) throw this.#missing(id);
    return changed;
  }

  async #restore(): Promise<void> {
    const wanted = this.#options.keeper.list().filter((rule) => rule.wanted === "running");
    const waiting = wanted.map(({ id }) => id).values();
    const worker = async () => {
      for (const id of waiting) {
        const life = this.#lives.get(id);
        if (life === undefined || this.#closed) continue;
        await life.start();
        await life.launched;
      }
    };
    await Promise.all(Array.from({ length: STARTS_AT_ONCE }, worker));
  }

  #life(rule: RuleDefinition): RuleLife {
    const { open, clock, log } = this.#options;
    return new RuleLife(rule, { open, clock, log: log.child(rule.id) });
  }

  async #check(rule: RuleDefinition): Promise<CheckedRule> {
    const checked = await this.#options.check(rule);
    for (const warning of checked.warnings) this.#options.log.warn(`rule ${rule.id}: ${warning}`);
    return checked;
  }

  #need(id: string): RuleLife {
    const life = this.#lives.get(id);
    if (life !== undefined) return life;
    const broken = this.#broken.get(id);
    if (broken !== undefined) {
      throw fail("rule", `Rule "${id}" cannot be read: ${broken}; drop it and create it again`);
    }
    throw this.#missing(id);
  }

  #missing(id: string): Error {
    const [near] = nearest(id, this.#lives.keys(), 1);
    const cure = near === undefined ? '"kuiper show rules" lists them' : `did you mean "${near}"?`;
    return fail("not_found", `Rule "${id}" is not defined, ${cure}`);
  }
}

function taken(id: string): Error {
  return fail("exists", `Rule "${id}" exists already, drop it first or choose another id`);
}

/** A rule's JSON as it is kept: with its id, whoever told it. */
function textOf(json: unknown, id: string): string {
  return JSON.stringify({ ...json as object, id });
}

function brokenStatus(why: string): RuleStatus {
  return {
    state: "stopped by error",
    message: why,
    lastStartTimestamp: 0,
    lastStopTimestamp: 0,
    nextStartTimestamp: 0,
    ops: [],
  };
}
