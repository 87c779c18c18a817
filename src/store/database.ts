import type { DatabaseSync, StatementSync } from "node:sqlite";
import { fail } from "../core/mod.ts";
import { ioError } from "./io_error.ts";
import { MIGRATIONS } from "./migrations.ts";

/** A value that a statement binds or a row holds here. */
export type Cell = string | number;

/** One row. */
export type Cells = Readonly<Record<string, Cell>>;

/**
 * The SQLite file.
 *
 * - What `write` returned from is on the disk: it survives the end of the process and of the power.
 * - A `write` that throws has changed nothing.
 */
export class Database {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /**
   * Open the file, making it when there is none, and bring its schema up to date.
   *
   * @default options.readOnly {false}
   * @throws KuiperError `io` when it cannot be used, and when a newer version of the program made it.
   */
  static async open(path: string, options: { readOnly?: boolean } = {}): Promise<Database> {
    const readOnly = options.readOnly ?? false;
    // Loaded when it is needed: a program that only runs a file of statements needs none of it.
    const { DatabaseSync } = await import("node:sqlite");
    let db: DatabaseSync;
    try {
      db = new DatabaseSync(path, { readOnly });
    } catch (error) {
      throw ioError(error, `open ${path}`);
    }
    try {
      db.exec("PRAGMA busy_timeout = 5000");
      if (!readOnly) db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      else if (schemaOf(db) === 0) {
        // Whoever made the file was killed before there was anything in it.
        db.close();
        return await Database.open(":memory:");
      }
      migrate(db, { path, readOnly });
      return new Database(db, path);
    } catch (error) {
      if (db.isOpen) db.close();
      throw ioError(error, `open ${path}`);
    }
  }

  /** The rows of a query. */
  read(sql: string, ...values: Cell[]): Cells[] {
    try {
      return this.#prepare(sql).all(...values) as Cells[];
    } catch (error) {
      throw ioError(error, `read ${this.#path}`);
    }
  }

  /** Run `change` as one transaction; what it throws undoes it. */
  write<T>(change: (run: (sql: string, ...values: Cell[]) => number) => T): T {
    const run = (sql: string, ...values: Cell[]) =>
      Number(this.#prepare(sql).run(...values).changes);
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      const result = change(run);
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite has undone it already after some errors, such as a full disk.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw ioError(error, `write ${this.#path}`);
    }
  }

  /** Close the file. Not to be used afterwards. */
  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function schemaOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
}

function migrate(db: DatabaseSync, { path, readOnly }: { path: string; readOnly: boolean }): void {
  const version = schemaOf(db);
  if (version > MIGRATIONS.length) {
    throw fail(
      "io",
      `Cannot open ${path}: a newer version of Kuiper made it (schema ${version}, this one knows ` +
        `${MIGRATIONS.length}), use that version or another base directory`,
    );
  }
  if (readOnly) {
    if (version === MIGRATIONS.length) return;
    throw fail(
      "io",
      `Cannot read ${path}: an older version of Kuiper made it (schema ${version}, this one needs ` +
        `${MIGRATIONS.length}), run a command that writes first, such as "kuiper create stream"`,
    );
  }
  if (version === MIGRATIONS.length) return;
  // All at once: who looks in the meantime finds the old schema or the new one.
  const steps = MIGRATIONS.slice(version).join("");
  db.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
}
