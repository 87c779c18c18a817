/** The example of a wrapper in etc/kuiper.yaml, so that what is documented is what is tested. */
import { parse } from "@std/yaml";
import type { ProcessWrapper } from "../../src/loader/mod.ts";

const FILE = new URL("../../etc/kuiper.yaml", import.meta.url);

/** The lines of YAML, as they are to stand under `plugins`. */
export async function wrapperYaml(): Promise<string> {
  const text = await Deno.readTextFile(FILE);
  const example = /^ {2}# processWrapper: \[\n(?: {2}# {3}.*\n)+ {2}# \]\n/m.exec(text);
  if (example === null) throw new Error("etc/kuiper.yaml has no example of a processWrapper");
  return example[0].replace(/^ {2}# /gm, "  ");
}

/** The same, read. */
export async function wrapperExample(): Promise<ProcessWrapper> {
  const { plugins } = parse(`plugins:\n${await wrapperYaml()}`) as {
    plugins: { processWrapper: ProcessWrapper };
  };
  return plugins.processWrapper;
}

/** Why bubblewrap cannot be used here; undefined where it can. */
export async function noBubblewrap(): Promise<string | undefined> {
  try {
    const args = ["--ro-bind", "/", "/", "--unshare-all", "--proc", "/proc", "--dev", "/dev"];
    const { success, stderr } = await new Deno.Command("/usr/bin/bwrap", {
      args: [...args, "/bin/true"],
      stdin: "null",
    }).output();
    return success
      ? undefined
      : `this kernel lets no bwrap run: ${new TextDecoder().decode(stderr).trim()}`;
  } catch {
    return "bwrap is not installed";
  }
}
