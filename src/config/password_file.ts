import { resolve } from "@std/path";
import { messageOf } from "../core/mod.ts";
import { errorAt, type Finding } from "./finding.ts";
import type { Where } from "./where.ts";
import { isSection } from "./yaml_file.ts";
import type { KeyPath } from "./yaml_locator.ts";

const KEY = "passwordFile";

/**
 * Replace each `passwordFile: path`, at any depth, by `password` with what the file holds, without one line break
 * at its end.
 *
 * @param options.base what relative paths are relative to.
 */
export async function readPasswordFiles(
  props: Record<string, unknown>,
  options: { base: string; where: Where },
): Promise<{ props: Record<string, unknown>; findings: Finding[] }> {
  const findings: Finding[] = [];
  const visit = async (value: unknown, path: KeyPath): Promise<unknown> => {
    if (Array.isArray(value)) {
      return await Promise.all(value.map((item, i) => visit(item, [...path, i])));
    }
    if (!isSection(value)) return value;
    const entries: [string, unknown][] = [];
    for (const [key, inner] of Object.entries(value)) {
      if (key !== KEY) entries.push([key, await visit(inner, [...path, key])]);
      else entries.push(["password", await read(inner, [...path, KEY], value)]);
    }
    return Object.fromEntries(entries);
  };
  const read = async (file: unknown, path: KeyPath, section: object): Promise<string> => {
    const { where, base } = options;
    const refuse = (message: string): string => {
      findings.push(errorAt(where.locate(path, "value"), `"${where.label(path)}" ${message}`));
      return "";
    };
    if (Object.hasOwn(section, "password")) {
      return refuse('stands beside "password", remove one of the two');
    }
    if (typeof file !== "string" || file === "") {
      return refuse(`is ${JSON.stringify(file)}, expected the path of a file`);
    }
    try {
      return (await Deno.readTextFile(resolve(base, file))).replace(/\r?\n$/, "");
    } catch (error) {
      const reason = error instanceof Deno.errors.NotFound
        ? "that file does not exist"
        : messageOf(error);
      return refuse(`is "${file}", which cannot be read from ${base}: ${reason}`);
    }
  };
  return { props: (await visit(props, [])) as Record<string, unknown>, findings };
}

/** Whether `passwordFile` stands anywhere in `value`. */
export function mentionsPasswordFile(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(mentionsPasswordFile);
  if (!isSection(value)) return false;
  return Object.hasOwn(value, KEY) || Object.values(value).some(mentionsPasswordFile);
}
