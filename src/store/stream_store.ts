import { fail } from "../core/mod.ts";
import type { Cells, Database } from "./database.ts";

/** A stream as it is stored. */
export interface StoredStream {
  readonly name: string;
  /** The whole CREATE STREAM statement. */
  readonly statement: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** The definitions of streams. What a method returned from survives kill -9. */
export class StreamStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Store a definition.
   *
   * @default options.replace {false}
   * @throws KuiperError `exists` when the name is taken and `replace` is not set; `io` when it cannot be written.
   */
  put(stream: StoredStream, options: { replace?: boolean } = {}): void {
    const { name, statement, created } = stream;
    const onConflict = options.replace === true
      ? "UPDATE SET statement = excluded.statement, created = excluded.created"
      : "NOTHING";
    const stored = this.#db.write((run) =>
      run(
        `INSERT INTO streams (name, statement, created) VALUES (?, ?, ?)
         ON CONFLICT (name) DO ${onConflict}`,
        name,
        statement,
        created,
      )
    );
    if (stored === 0) {
      throw fail("exists", `Stream "${name}" exists already, drop it first or choose another name`);
    }
  }

  /** The definition of that name, exactly as it is spelled. */
  get(name: string): StoredStream | undefined {
    return this.#db.read("SELECT * FROM streams WHERE name = ?", name).map(toStream)[0];
  }

  /** Every definition, by name. */
  list(): StoredStream[] {
    return this.#db.read("SELECT * FROM streams ORDER BY name").map(toStream);
  }

  /** @returns whether there was one of that name. */
  remove(name: string): boolean {
    return this.#db.write((run) => run("DELETE FROM streams WHERE name = ?", name)) > 0;
  }
}

function toStream(cells: Cells): StoredStream {
  return {
    name: String(cells["name"]),
    statement: String(cells["statement"]),
    created: Number(cells["created"]),
  };
}
