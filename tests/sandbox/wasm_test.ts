import { road } from "./_venue.ts";

/**
 * A module that imports one function of the host, calls it and gives what that gave:
 * (import "m" "f" (func (result externref))) (func (export "g") (result externref) call 0).
 */
const CALLS_HOST =
  `new Uint8Array([0,97,115,109,1,0,0,0, 1,5,1,96,0,1,111, 2,7,1,1,109,1,102,0,0, 3,2,1,0, 7,5,1,1,103,0,1, 10,6,1,4,0,16,0,11])`;

road("WebAssembly reaches what it is given, and nothing else", {
  attempts: {
    hostFunction: `new WebAssembly.Instance(new WebAssembly.Module(${CALLS_HOST}),
        { m: { f: Deno.readTextFileSync.bind(Deno, props.path) } }).exports.g()`,
    hostClosure: `new WebAssembly.Instance(new WebAssembly.Module(${CALLS_HOST}),
        { m: { f: () => Deno.readTextFileSync(props.path) } }).exports.g()`,
    suspending: `(async () => { const wasm: any = WebAssembly;
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(${CALLS_HOST}),
        { m: { f: new wasm.Suspending(() => Deno.readTextFile(props.path)) } });
      return await wasm.promising(exports.g)(); })()`,
    wasi: `import("node:" + "wasi").then((m) => m.WASI)`,
    esm:
      `import("data:application/wasm;base64,AGFzbQEAAAA=" + "").then((m) => Object.keys(m).join() || "loaded")`,
  },
});
