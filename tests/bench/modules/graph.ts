/** A plugin of many modules: the entry imports ten, each of those ten more, and so on. */
import { join } from "@std/path";

/** Modules of the graph. */
export const MODULES = 2000;
/** About the bytes of one. */
const BYTES = 2000;
const FAN_OUT = 10;

/** The path of a module below the plugin's folder. */
export function moduleName(index: number): string {
  return index === 0 ? "Many.ts" : `lib/m${index}.ts`;
}

/** The text of a module: TypeScript as people write it, with what it imports at its top. */
export function moduleText(index: number): string {
  const children = Array.from({ length: FAN_OUT }, (_, i) => index * FAN_OUT + i + 1)
    .filter((child) => child < MODULES);
  const folder = index === 0 ? "./lib/" : "./";
  const imports = children.map((child) => `import { sum${child} } from "${folder}m${child}.ts";\n`);
  const total = ["1", ...children.map((child) => `sum${child}()`)].join(" + ");
  const entry = index !== 0 ? "" : `export class Many {
  configure(): void {}
  async *open(): AsyncGenerator<{ message: { modules: number } }> {
    yield { message: { modules: sum0() } };
  }
}
`;
  let text = `${imports.join("")}/** The modules from here on. */
export function sum${index}(): number {
  return ${total};
}
${entry}`;
  for (let part = 0; text.length < BYTES; part++) text += shape(part);
  return text;
}

function shape(part: number): string {
  return `
/** A place in the plane, and how far it is from another. */
export interface Place${part} {
  readonly x: number;
  readonly y: number;
}

export class Route${part} {
  readonly #places: Place${part}[] = [];

  add(place: Place${part}): this {
    this.#places.push(place);
    return this;
  }

  get length(): number {
    let total = 0;
    for (const [i, { x, y }] of this.#places.entries()) {
      const before = this.#places[i - 1];
      if (before !== undefined) total += Math.hypot(x - before.x, y - before.y);
    }
    return total;
  }
}
`;
}

/** Write all of them below `folder`. */
export async function writeModules(folder: string): Promise<void> {
  await Deno.mkdir(join(folder, "lib"), { recursive: true });
  for (let i = 0; i < MODULES; i++) {
    await Deno.writeTextFile(join(folder, moduleName(i)), moduleText(i));
  }
}
