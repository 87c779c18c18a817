import type { BasePaths } from "./base_dir.ts";
import type { Secrets } from "./secrets.ts";

/** What every part of the configuration is read from. */
export interface ConfigInput {
  readonly paths: BasePaths;
  /** The environment, as `Deno.env.toObject()` gives it. */
  readonly env: Readonly<Record<string, string>>;
  /** Collects what must not be printed. */
  readonly secrets: Secrets;
}
