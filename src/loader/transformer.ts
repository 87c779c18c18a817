/**
 * The transformer of types, which is a package: WebAssembly, and large. It is loaded when the first module has types.
 *
 * In the binary it is one file of CommonJS beside the bundled program, and so the binary has no packages: the runtime
 * would set them up at every start, and hold all of their files in memory.
 *
 * It runs in the engine's own thread on texts of strangers, and needs exponentially long for some of 250 letters. A
 * thread that never waits cannot be ended, so it is made to count its calls instead.
 *
 * @module
 */
import { fail } from "../core/mod.ts";
import { CALLS_LEFT, countCalls } from "./counted_wasm.ts";

type Package = Pick<typeof import("amaro"), "transformSync">;

/** What the transformer is asked for. */
export type TransformOptions = NonNullable<Parameters<Package["transformSync"]>[1]>;

/** Why the transformer gave a text up: too many calls, no more memory, or its stack is full. */
export type GaveUpReason = "calls" | "memory" | "stack";

/** Its files where the binary has them (`dev/stage.ts`), and in the package. */
const OWN_FILE = /[/\\](?:transformer\.cjs|amaro[/\\].*)$/;
const MAIN_FILE = /[/\\](?:transformer\.cjs|index\.js)$/;

/** Most memory of the transformer, in pages of 64 KiB: 512 MiB. It needs about 100 bytes for a letter. */
const MAX_PAGES = 8192;
const PAGE_BYTES = 65_536;
/** Memory of WebAssembly never shrinks: a transformer that has more than this is not kept. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** Calls for a text however short: 15 ms. */
const CALLS_AT_LEAST = 2_000_000;
/** Calls for a letter. Code as people write it takes 5 to 40, twenty thousand functions in one file 260. */
const CALLS_PER_LETTER = 500;
/** Calls for a text however long: some seconds. */
const CALLS_AT_MOST = 1_000_000_000;

/** The parts of the transformer's WebAssembly that are looked at. */
interface CountedExports {
  readonly [CALLS_LEFT]: WebAssembly.Global;
  readonly memory: WebAssembly.Memory;
}

/** The transformer with bounds: no text keeps it busy for longer than its length explains. */
export class Transformer {
  readonly #package: Package;
  readonly #exports: CountedExports;
  #hasGivenUp = false;
  #allowed = 0;

  constructor(from: Package, exports: CountedExports) {
    this.#package = from;
    this.#exports = exports;
  }

  /** Whether it gave a text up: its memory is left as it was then, and it would refuse every file from now on. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp;
  }

  /** Calls that the last text took. */
  get calls(): number {
    return this.#allowed - this.#exports[CALLS_LEFT].value;
  }

  /** Bytes of memory that it holds. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** @throws what the package throws; what it says when it gave up is told by {@link gaveUp}. */
  transform(text: string, options: TransformOptions): { code: string; map?: string } {
    const calls = CALLS_AT_LEAST + CALLS_PER_LETTER * text.length;
    this.#exports[CALLS_LEFT].value = this.#allowed = Math.min(calls, CALLS_AT_MOST);
    return this.#package.transformSync(text, options);
  }

  /** Why it gave up when it threw `error`; undefined when it did not. */
  gaveUp(error: unknown): GaveUpReason | undefined {
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) return;
    this.#hasGivenUp = true;
    if (this.#exports[CALLS_LEFT].value === 0) return "calls";
    // It asks for twice of what it has when that is full.
    return this.memoryBytes > MAX_PAGES * PAGE_BYTES / 2 ? "memory" : "stack";
  }
}

/** The WebAssembly of the package, made to count its calls and to hold no more memory than it may. */
export function countTransformer(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  return countCalls(wasm, { maxPages: MAX_PAGES });
}

let loading: Promise<Transformer> | undefined;
/** What `loading` came to. */
let current: Transformer | undefined;

/** The transformer; loading it takes 20 ms, and its first use another 10. */
export function loadTransformer(): Promise<Transformer> {
  return loading ??= load().then((loaded) => current = loaded);
}

/** Let a transformer go that has given up, or holds much memory. The next use loads another one. */
export function releaseTransformer(transformer: Transformer): void {
  // One that was let go before is no reason to load a third: two that load at once would both have a hand in it.
  if (transformer !== current) return;
  if (transformer.hasGivenUp || transformer.memoryBytes > KEPT_BYTES) loading = current = undefined;
}

async function load(): Promise<Transformer> {
  const { createRequire } = await import("node:module");
  const require = createRequire(import.meta.url);
  // Whoever was let go is still among what is loaded, and is made again from its files.
  const paths = Object.keys(require.cache).filter((path) => OWN_FILE.test(path));
  for (const path of paths) delete require.cache[path];
  const main = paths.find((path) => MAIN_FILE.test(path));
  return await withExports(async () => {
    if (Deno.build.standalone) return require("./transformer.cjs") as Package;
    return main === undefined ? await import("amaro") : require(main) as Package;
  });
}

/** Load the package, with a hand on the WebAssembly that it makes for itself. */
async function withExports(loadPackage: () => Promise<Package>): Promise<Transformer> {
  const { Module, Instance } = WebAssembly;
  let exports: CountedExports | undefined;
  // In the binary it was made to count when that was compiled.
  if (!Deno.build.standalone) {
    WebAssembly.Module = class extends Module {
      constructor(wasm: BufferSource) {
        super(countTransformer(wasm as Uint8Array));
      }
    };
  }
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      exports = this.exports as unknown as CountedExports;
    }
  };
  let loaded: Package;
  try {
    loaded = await loadPackage();
  } finally {
    Object.assign(WebAssembly, { Module, Instance });
  }
  if (exports?.[CALLS_LEFT] === undefined) {
    throw fail("internal", "Cannot find the WebAssembly of the transformer among what is loaded");
  }
  return new Transformer(loaded, exports);
}
