/** What is read of deno.json. */
export interface ProjectConfig {
  readonly version: string;
  readonly imports: Readonly<Record<string, string>>;
  readonly unstable: readonly string[];
}

/** What is read of deno.lock, format 5. */
export interface Lock {
  readonly version: string;
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, LockedPackage>>;
  readonly workspace: { readonly dependencies: readonly string[] };
}

interface LockedPackage {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
  readonly optionalPeers?: readonly string[];
}

/** The program, and the module that every Worker starts from. */
export const ENTRIES = { program: "./main.ts", worker: "./src/loader/boot.ts" } as const;

/**
 * What the two entries are bundled to, from the root of the binary. As deep below it as the modules of `src` are, so
 * that an address such as `new URL("../../etc/", import.meta.url)` is right in both.
 */
export const BUNDLED = {
  folder: "./src/program/",
  program: "./src/program/main.js",
  worker: "./src/program/boot.js",
  /** Imports the packages of {@link EXTERNAL} and is never run: what is only imported later is not embedded. */
  packages: "./src/program/packages.js",
} as const;

/** Packages that stay packages: the transformer is replaced by a new one when its stack has overflowed. */
export const EXTERNAL = ["amaro"] as const;

/**
 * V8's flags for the program, compiled or not.
 *
 * - No code from text: it closes a hole of the sandbox.
 * - No literals made in the old generation because the first hundreds of them lived on: at 100,000 messages a second
 *   each of them holds its payload there until the next large collection, 80 MB in all.
 */
export const V8_FLAGS =
  "--v8-flags=--disallow-code-generation-from-strings,--no-allocation-site-pretenuring";

/**
 * The configuration that the binary is compiled with. Its import map is a fence inside the runtime's own module loader,
 * which otherwise checks no permission on `import()`: every `file:` URL leads nowhere but the two entries, by exact
 * key. Only the program's own modules reach each other and the packages.
 *
 * It must lie in the root of what is compiled, because the runtime keeps its relative keys.
 */
export function compileConfig(project: ProjectConfig): Record<string, unknown> {
  const { folder, program, worker } = BUNDLED;
  return {
    unstable: project.unstable,
    imports: { [program]: program, [worker]: worker, "file:///": "refused:///" },
    scopes: {
      [folder]: { ...externalImports(project), [folder]: folder },
      // The compiler reads the plugins that it embeds.
      "./plugins/": { kuiper: "./src/contract/kuiper.d.ts" },
    },
  };
}

function externalImports(project: ProjectConfig): Record<string, string> {
  return Object.fromEntries(EXTERNAL.map((name) => {
    const address = project.imports[name];
    if (address === undefined) throw new TypeError(`Package "${name}" is not in deno.json`);
    return [name, address];
  }));
}

/**
 * `lock` with what {@link EXTERNAL} needs: `deno compile` embeds every package of the lock, used or not, and reads them
 * at every start.
 *
 * @throws TypeError when a dependency is not in the lock.
 */
export function runtimeLock(lock: Lock, project: ProjectConfig): Lock {
  const wanted = new Set(
    Object.values(externalImports(project))
      .map((address) => /^npm:(?:@[^/]+\/)?[^/]+/.exec(address)?.[0])
      .filter((address) => address !== undefined),
  );
  const specifiers = Object.entries(lock.specifiers).filter(([address]) => wanted.has(address));
  const npm: Record<string, LockedPackage> = {};
  const add = (key: string): void => {
    if (Object.hasOwn(npm, key)) return;
    const found = lock.npm[key];
    if (found === undefined) throw new TypeError(`Package "${key}" is not in deno.lock`);
    npm[key] = found;
    const { dependencies = [], optionalDependencies = [], optionalPeers = [] } = found;
    for (const name of [...dependencies, ...optionalDependencies]) add(lockKey(lock, name));
    // A peer that is optional is there only when somebody else wants it.
    for (const name of optionalPeers) {
      const peer = lockKey(lock, name);
      if (Object.hasOwn(lock.npm, peer)) add(peer);
    }
  };
  for (const [address, version] of specifiers) {
    add(`${address.slice("npm:".length, address.lastIndexOf("@"))}@${version}`);
  }
  return {
    ...lock,
    specifiers: Object.fromEntries(specifiers),
    npm,
    workspace: { dependencies: lock.workspace.dependencies.filter((d) => wanted.has(d)) },
  };
}

/** The lock names a dependency by its package alone where there is one version of it. */
function lockKey(lock: Lock, name: string): string {
  if (name.lastIndexOf("@") > 0) return name;
  return Object.keys(lock.npm).find((key) => key.startsWith(`${name}@`)) ?? name;
}
