import { fail, KuiperError, messageOf } from "../core/mod.ts";

/** What the operating system and SQLite say, with what to do about it. SQLite's errors come without a number. */
const CAUSES: readonly [RegExp, string][] = [
  [
    /database or disk is full|no space left|os error 28\b|ENOSPC/i,
    "the disk is full, free some space",
  ],
  [
    /not a database|malformed|unsupported file format/i,
    "the file is damaged, move it away or restore a copy of it",
  ],
  [
    /readonly database|read-only file system|os error 30\b|EROFS/i,
    "it can only be read here, use a directory that can be written",
  ],
  [
    /permission denied|unable to open database|os error 13\b|requires (read|write) access/i,
    "that is not permitted, check who owns the directory and what this executable may write",
  ],
  [/database is locked/i, "another process is using the file, end it"],
  [/disk I\/O error|input\/output error/i, "the disk does not work, check it"],
];

/**
 * One sentence for what went wrong with a file.
 *
 * @param action what was tried: `open data/kuiper.db`.
 * @returns a KuiperError `io`, or the error itself when it is one of ours.
 */
export function ioError(error: unknown, action: string): KuiperError {
  if (error instanceof KuiperError) return error;
  const reason = messageOf(error);
  const cause = CAUSES.find(([pattern]) => pattern.test(reason))?.[1];
  const sentence = cause === undefined ? reason : `${cause} (${reason})`;
  return fail("io", `Cannot ${action}: ${sentence}`, error);
}
