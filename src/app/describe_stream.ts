import { type CreateStream, printStatement } from "../sql/mod.ts";
import type { Provenance } from "./provenance.ts";
import type { Sources } from "./sources.ts";

/** What is known of a stream without running anything of it. */
export interface StreamDescription {
  /** Canonical SQL, secrets masked. */
  statement: string;
  definition: CreateStream;
  source: {
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
}

/** Describe a stream. @throws KuiperError when its source cannot be found or configured. */
export async function describeStream(
  definition: CreateStream,
  sources: Sources,
): Promise<StreamDescription> {
  const source = await sources.prepare(definition);
  const { resolved, config, isolation, grant } = source;
  const provenance = source.provenance();
  const file = resolved.kind === "file" ? resolved : undefined;
  return {
    statement: printStatement(definition),
    definition,
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
