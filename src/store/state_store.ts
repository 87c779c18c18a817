import type { Json } from "../core/mod.ts";
import type { Database } from "./database.ts";

/** What changed in a scope since it was stored. */
export interface StateUpdate {
  readonly put?: Readonly<Record<string, Json>>;
  readonly deleted?: readonly string[];
  /** Where reading resumes; absent leaves the stored one. */
  readonly offset?: Json | undefined;
}

/**
 * State and offsets, each under a scope such as `demo/source_demo/0`: stream, operator, instance.
 *
 * - A `save` stores everything of one update or nothing of it.
 */
export class StateStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Everything that was stored in a scope. */
  load(scope: string): Record<string, Json> {
    const rows = this.#db.read("SELECT key, value FROM state WHERE scope = ?", scope);
    return Object.fromEntries(rows.map((row) => [row["key"], JSON.parse(String(row["value"]))]));
  }

  /** The offset of a scope. */
  offset(scope: string): Json | undefined {
    const [row] = this.#db.read("SELECT value FROM offsets WHERE scope = ?", scope);
    return row === undefined ? undefined : JSON.parse(String(row["value"]));
  }

  /** Store an update, offset and state together. */
  save(scope: string, update: StateUpdate): void {
    this.#db.write((run) => {
      for (const [key, value] of Object.entries(update.put ?? {})) {
        run(
          `INSERT INTO state (scope, key, value) VALUES (?, ?, ?)
           ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value`,
          scope,
          key,
          JSON.stringify(value),
        );
      }
      for (const key of update.deleted ?? []) {
        run("DELETE FROM state WHERE scope = ? AND key = ?", scope, key);
      }
      if (update.offset !== undefined) {
        run(
          `INSERT INTO offsets (scope, value) VALUES (?, ?)
           ON CONFLICT (scope) DO UPDATE SET value = excluded.value`,
          scope,
          JSON.stringify(update.offset),
        );
      }
    });
  }

  /** Forget a scope and every scope below it: `demo` is also `demo/source_demo/0`, but not `demo2`. */
  remove(scope: string): void {
    const below = `${scope}/`;
    this.#db.write((run) => {
      for (const table of ["state", "offsets"]) {
        run(
          `DELETE FROM ${table} WHERE scope = ? OR substr(scope, 1, length(?)) = ?`,
          scope,
          below,
          below,
        );
      }
    });
  }
}
