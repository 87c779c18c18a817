import { asKuiperError } from "../core/mod.ts";
import { type CreateStream, parseStatement, printStatement } from "../sql/mod.ts";
import type { Provenance } from "./provenance.ts";
import type { PreparedSource, Sources } from "./sources.ts";

/** What is known of a stream without running anything of it. */
export interface StreamDescription {
  /** Canonical SQL, secrets masked. */
  statement: string;
  /** The same as data, secrets masked too. */
  definition: CreateStream;
  /** What it runs on; absent when that cannot be found or configured, and then `problem` says why. */
  source?: {
    type: string;
    builtin: boolean;
    /** The file of a plugin. */
    file?: string;
    version?: string;
    /** The YAML files that configure it. */
    configFiles: string[];
    isolation: string;
    /** What it may do, for people. */
    grant: string;
    /** Where a plugin's code comes from and how it is held. */
    provenance?: Provenance;
  };
  problem?: string;
}

/** Describe a stream. */
export async function describeStream(
  definition: CreateStream,
  sources: Sources,
): Promise<StreamDescription> {
  const statement = printStatement(definition);
  const described = { statement, definition: parseStatement(statement) as CreateStream };
  let prepared: PreparedSource;
  try {
    prepared = await sources.prepare(definition);
  } catch (error) {
    return { ...described, problem: asKuiperError(error).message };
  }
  const { resolved, config, isolation, grant } = prepared;
  const provenance = prepared.provenance();
  const file = resolved.kind === "file" ? resolved : undefined;
  return {
    ...described,
    source: {
      type: resolved.type,
      builtin: resolved.kind === "builtin",
      ...(file === undefined ? {} : { file: file.display }),
      ...(file?.version === undefined ? {} : { version: file.version }),
      configFiles: config.files,
      isolation,
      grant,
      ...(provenance === undefined ? {} : { provenance }),
    },
  };
}
