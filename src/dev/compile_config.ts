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

/** The program, and the module that every Worker starts from. Nothing else can be imported from outside. */
export const ENTRIES = { program: "./main.ts", worker: "./src/loader/boot.ts" } as const;

/** Keys of the imports that only development needs; the binary has none of them. */
const DEVELOPMENT_ONLY = ["@std/assert", "aedes", "fast-check"];

/**
 * The configuration that the binary is compiled with. Its import map is a fence inside the runtime's own module loader,
 * which otherwise checks no permission on `import()`: every `file:` URL leads nowhere but the two entries, by exact
 * key. Only the program's own modules, the scope `./`, reach each other and the packages.
 *
 * It must lie in the project's root, because the runtime keeps its relative keys, and must not serve `deno test`,
 * which imports files by their URL.
 */
export function compileConfig(project: ProjectConfig): Record<string, unknown> {
  const { program, worker } = ENTRIES;
  return {
    unstable: project.unstable,
    imports: { [program]: program, [worker]: worker, "file:///": "refused:///" },
    scopes: { "./": { ...runtimeImports(project), "./": "./" } },
  };
}

function runtimeImports(project: ProjectConfig): Record<string, string> {
  const entries = Object.entries(project.imports);
  return Object.fromEntries(entries.filter(([key]) => !DEVELOPMENT_ONLY.includes(key)));
}

/**
 * `lock` without the packages that only development needs: `deno compile` embeds every package of the lock, used or
 * not.
 *
 * @throws TypeError when a dependency is not in the lock.
 */
export function runtimeLock(lock: Lock, project: ProjectConfig): Lock {
  const wanted = new Set(
    Object.values(runtimeImports(project))
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
