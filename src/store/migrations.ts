/**
 * The schema of the database, as steps that were taken one after the other. A step that was released is never
 * changed; `user_version` in the file is the number of steps that it has taken.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE streams (
     name      TEXT PRIMARY KEY,
     statement TEXT NOT NULL,
     created   INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE state (
     scope TEXT NOT NULL,
     key   TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (scope, key)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE offsets (
     scope TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE rules (
     id         TEXT PRIMARY KEY,
     definition TEXT NOT NULL,
     stream     TEXT NOT NULL,
     wanted     TEXT NOT NULL CHECK (wanted IN ('running', 'stopped')),
     created    INTEGER NOT NULL,
     updated    INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX rules_stream ON rules (stream);`,
];
