/** What the rows share that look at the compiled program. */
import { messageOf } from "../../src/core/mod.ts";
import { type CompileOptions, readOptions } from "../../src/dev/compile.ts";
import { type Bound, notMeasured, type Row, type Subject } from "./measure.ts";

/** Which runtime the programs are made with; see `deno task compile --help`. */
export interface RuntimeOptions {
  readonly denort: string | undefined;
  readonly unofficial: boolean;
}

/** How a program is compiled for comparison. */
export function compileWay({ denort, unofficial }: RuntimeOptions): CompileOptions {
  const way = unofficial ? ["--unofficial-runtime"] : [];
  return readOptions(way, denort ?? Deno.env.get("DENORT_BIN"))!;
}

/** A row that is measured with the compiled program in an empty folder; where it cannot be, it says why. */
export async function withBinary(
  { subject, bound }: { subject: Subject; bound: Bound },
  measure: (given: { binary: string; folder: string }) => Promise<Row>,
): Promise<Row[]> {
  const binary = Deno.env.get("KUIPER_BINARY");
  if (binary === undefined) {
    return [notMeasured(subject, bound, "set KUIPER_BINARY to the compiled program")];
  }
  const folder = await Deno.makeTempDir({ prefix: "kuiper_bench_" });
  try {
    return [await measure({ binary, folder })];
  } catch (error) {
    return [notMeasured(subject, bound, messageOf(error))];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Run commands of the program, one after the other. */
export async function runAll(
  binary: string,
  cwd: string,
  commands: readonly (readonly string[])[],
): Promise<void> {
  for (const args of commands) {
    const command = new Deno.Command(binary, { args: [...args], cwd, stdin: "null" });
    const { success, stderr } = await command.output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }
}
