import { fail } from "../core/mod.ts";

/** Where `deno task compile` leaves what it knows of the binary, from the root of the project and of the binary. */
export const BUILD_INFO_PATH = "dist/build_info.json";

/** Where the runtime inside a binary came from. */
export type RuntimeOrigin = "official" | "given" | "unofficial";

/** How this program was built: what `kuiper version` prints. */
export interface BuildInfo {
  /** Version of Kuiper, as in deno.json. */
  readonly version: string;
  /**
   * `official`: downloaded by Deno; `given`: named by DENORT_BIN; `unofficial`: cut from a package of the npm
   * registry; `source`: not compiled, run by Deno from its sources.
   */
  readonly runtime: RuntimeOrigin | "source";
  /** Version of the Deno inside. */
  readonly deno: string;
  /** The permission flags compiled in; empty when run from source. */
  readonly permissions: readonly string[];
}

/**
 * How this program was built.
 *
 * @throws KuiperError `internal` when a binary was not made by `deno task compile`.
 */
export async function readBuildInfo(): Promise<BuildInfo> {
  const compiled = Deno.build.standalone;
  const file = new URL(`../../${compiled ? BUILD_INFO_PATH : "deno.json"}`, import.meta.url);
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    const cure = "build it with `deno task compile`";
    throw fail("internal", `This program does not know how it was built: ${cure}`, error);
  }
  const found = JSON.parse(text) as BuildInfo;
  if (compiled) return { ...found, deno: Deno.version.deno };
  return { version: found.version, runtime: "source", deno: Deno.version.deno, permissions: [] };
}
