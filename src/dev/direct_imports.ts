import { dirname, join, relative } from "@std/path";

/** A statement that takes names from a module: `check_tree.ts` and the formatter let no other form through. */
const FROM = /^(import|export) (type )?\{([^}]*)\} from "(\.[^"]*)";$/gm;
/** The same when it is done: `const { name } = await import("./mod.ts")`. */
const LATE = /const \{ ([\w, ]+) \} = await import\("(\.[^"]*)"\);/g;

/** What one name of a face stands for. */
interface Behind {
  readonly file: string;
  readonly name: string;
}

/**
 * Let every module import what it needs from the files behind a folder's face (`mod.ts`) instead of from the face:
 * the bundler keeps all files of a face together, and a command would load the whole folder for one name of it.
 *
 * @param files path from the project's root (with slashes) to TypeScript.
 * @returns the same paths; faces are as they were, because other forms of `import()` still lead there.
 */
export function importDirectly(files: ReadonlyMap<string, string>): Map<string, string> {
  const faces = new Map<string, ReadonlyMap<string, Behind>>();
  for (const [file, text] of files) if (isFace(file)) faces.set(file, namesOf(file, text));
  const result = new Map<string, string>();
  for (const [file, text] of files) {
    result.set(file, isFace(file) ? text : withoutFaces(file, { text, faces }));
  }
  return result;
}

function isFace(file: string): boolean {
  return file.endsWith("/mod.ts");
}

/** The names that a face passes on. */
function namesOf(face: string, text: string): Map<string, Behind> {
  const names = new Map<string, Behind>();
  for (const [, verb, type, list, specifier] of text.matchAll(FROM)) {
    if (verb !== "export" || type !== undefined) continue;
    const file = join(dirname(face), specifier!);
    for (const { name, as } of valuesOf(list!)) names.set(as, { file, name });
  }
  return names;
}

function withoutFaces(
  file: string,
  { text, faces }: { text: string; faces: ReadonlyMap<string, ReadonlyMap<string, Behind>> },
): string {
  const direct = text.replace(FROM, (statement, verb: string, type: string, list, specifier) => {
    const face = join(dirname(file), specifier);
    const names = faces.get(face);
    if (names === undefined || type !== undefined) return statement;
    const behind = new Map<string, string[]>();
    for (const { name, as } of valuesOf(list)) {
      // What a face declares itself stays with it.
      const found = names.get(name) ?? { file: face, name };
      const word = found.name === as ? as : `${found.name} as ${as}`;
      behind.set(found.file, [...behind.get(found.file) ?? [], word]);
    }
    const statements = [...behind].map(([target, words]) =>
      `${verb} { ${words.join(", ")} } from "${specifierOf(file, target)}";`
    );
    return statements.join(" ");
  });
  return direct.replace(LATE, (statement, list: string, specifier) => {
    const names = faces.get(join(dirname(file), specifier));
    const behind = valuesOf(list).map(({ name }) => names?.get(name));
    const [first] = behind;
    const isWhole = behind.every((one, i) =>
      one?.file === first?.file && one?.name === valuesOf(list)[i]!.name
    );
    return first === undefined || !isWhole
      ? statement
      : statement.replace(specifier, () => specifierOf(file, first.file));
  });
}

/** The names of a list that are values: `a, b as c, type D`. */
function valuesOf(list: string): { name: string; as: string }[] {
  return list.split(",").map((word) => word.trim())
    .filter((word) => word !== "" && !word.startsWith("type "))
    .map((word) => {
      const [name = "", as = name] = word.split(" as ");
      return { name, as };
    });
}

function specifierOf(from: string, to: string): string {
  const path = relative(dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}
