import { messageOf } from "../core/mod.ts";

/** Why reading or writing failed, without the paths that the runtime adds: the sentence has named them. */
export function ioReason(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ENOSPC") {
    return "the disk is full; free some space and try again";
  }
  return messageOf(error).replace(/: [a-z_]+ '.*$/s, "");
}
