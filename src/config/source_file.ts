import { nearest, oneOf } from "../core/mod.ts";
import { type BasePaths, showPath } from "./base_dir.ts";
import { type EtcFile, listEtc, readBuiltInFile, readEtcFile } from "./config_files.ts";
import { errorAt, type Finding, type Place, warningAt } from "./finding.ts";
import { join } from "@std/path";

/** The configuration file of a source type. */
export interface SourceFile extends EtcFile {
  /** What messages call it, also when there is none. */
  readonly name: string;
  readonly findings: readonly Finding[];
}

/**
 * Read the file of a source type: `etc/mqtt_source.yaml` for mqtt, else `etc/sources/<type>.yaml` with the first
 * letter in either case, else the built-in one.
 */
export async function readSourceFile(paths: BasePaths, type: string): Promise<SourceFile> {
  if (type === "mqtt") return await readNamed(paths, "mqtt_source.yaml");
  // The tables of Unicode take a part of a millisecond to make.
  if (!/^[A-Za-z_][\w.-]*$/.test(type) && !/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(type)) {
    const message = `"${type}" is no name of a source: use letters, digits, "_", "-" and "."`;
    return { name: "etc/sources", builtIn: false, findings: [errorAt({ file: "TYPE" }, message)] };
  }
  const [lower, upper] = bothCases(type);
  const wanted = [`${lower}.yaml`, `${upper}.yaml`];
  // Listed and not tried one by one: some file systems find a name in any case.
  const present = await listEtc(paths, "sources");
  const [first, second] = wanted.filter((name) => present.includes(name));
  if (first !== undefined && second !== undefined) {
    const message = `claimed by two files, ${first} and ${second} in ` +
      `${
        showPath(paths, join(paths.etc, "sources"))
      }: remove one or move its sections to the other`;
    const place = { file: `configuration of "${type}"` };
    return { name: place.file, builtIn: false, findings: [errorAt(place, message)] };
  }
  if (first !== undefined) return await readNamed(paths, `sources/${first}`);
  const builtIn = await readBuiltInFile(`sources/${lower}.yaml`);
  if (builtIn.file !== undefined) {
    return { ...builtIn, name: `built-in etc/sources/${lower}.yaml`, findings: [] };
  }
  const name = showPath(paths, join(paths.etc, "sources", `${lower}.yaml`));
  return { name, builtIn: false, findings: [missing({ file: name }, lower!, present)] };
}

/** A type's name with its first letter in lower and in upper case. */
export function bothCases(type: string): [string, string] {
  const [first = "", ...rest] = type;
  const tail = rest.join("");
  return [first.toLowerCase() + tail, first.toUpperCase() + tail];
}

async function readNamed(paths: BasePaths, rel: string): Promise<SourceFile> {
  const read = await readEtcFile(paths, rel);
  const name = read.builtIn ? `built-in etc/${rel}` : showPath(paths, join(paths.etc, rel));
  return { ...read, name, findings: [] };
}

function missing(place: Place, type: string, present: readonly string[]): Finding {
  const near = nearest(`${type}.yaml`, present);
  const cure = near.length === 0
    ? ""
    : ` (${oneOf(near, "and")} ${near.length === 1 ? "is" : "are"} there)`;
  return warningAt(place, `does not exist${cure}, so "${type}" gets no properties from a file`);
}
