import { fail } from "../core/mod.ts";
import type { Cells, Database } from "./database.ts";

/** A rule as it is stored. */
export interface StoredRule {
  readonly id: string;
  /** The rule's JSON, as it was given. */
  readonly definition: string;
  /** The stream that its query reads. */
  readonly stream: string;
  /** What the user wants of it: a rule that ended by itself is still wanted. */
  readonly wanted: "running" | "stopped";
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Milliseconds since 1970. */
  readonly updated: number;
}

/** The definitions of rules. What a method returned from survives kill -9; what did not return left the old one. */
export class RuleStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Store a rule that is new.
   *
   * @throws KuiperError `exists` when the id is taken; `io` when it cannot be written.
   */
  add(rule: StoredRule): void {
    const { id, definition, stream, wanted, created, updated } = rule;
    const added = this.#db.write((run) =>
      run(
        `INSERT INTO rules (id, definition, stream, wanted, created, updated) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO NOTHING`,
        id,
        definition,
        stream,
        wanted,
        created,
        updated,
      )
    );
    if (added === 0) {
      throw fail("exists", `Rule "${id}" exists already, drop it first or choose another id`);
    }
  }

  /** Replace what is stored of a rule, but for `created`. @returns whether there was one of that id. */
  replace(rule: Omit<StoredRule, "created">): boolean {
    const { id, definition, stream, wanted, updated } = rule;
    return this.#db.write((run) =>
      run(
        "UPDATE rules SET definition = ?, stream = ?, wanted = ?, updated = ? WHERE id = ?",
        definition,
        stream,
        wanted,
        updated,
        id,
      )
    ) > 0;
  }

  /** Store what the user wants of a rule. @returns whether there was one of that id. */
  want(id: string, wanted: StoredRule["wanted"]): boolean {
    return this.#db.write((run) => run("UPDATE rules SET wanted = ? WHERE id = ?", wanted, id)) > 0;
  }

  /** The rule of that id, exactly as it is spelled. */
  get(id: string): StoredRule | undefined {
    return this.#db.read("SELECT * FROM rules WHERE id = ?", id).map(toRule)[0];
  }

  /** Every rule, by id. */
  list(): StoredRule[] {
    return this.#db.read("SELECT * FROM rules ORDER BY id").map(toRule);
  }

  /** The ids of the rules that read a stream. */
  readersOf(stream: string): string[] {
    return this.#db.read("SELECT id FROM rules WHERE stream = ? ORDER BY id", stream)
      .map((cells) => String(cells["id"]));
  }

  /** @returns whether there was one of that id. */
  remove(id: string): boolean {
    return this.#db.write((run) => run("DELETE FROM rules WHERE id = ?", id)) > 0;
  }
}

function toRule(cells: Cells): StoredRule {
  return {
    id: String(cells["id"]),
    definition: String(cells["definition"]),
    stream: String(cells["stream"]),
    wanted: cells["wanted"] === "running" ? "running" : "stopped",
    created: Number(cells["created"]),
    updated: Number(cells["updated"]),
  };
}
