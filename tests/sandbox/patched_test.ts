import { assert, assertEquals, assertMatch } from "@std/assert";
import { harm, road } from "./_venue.ts";

/** Each of these is put in the place of what the boot or the runtime might call with something in its hands. */
const HEAD = `const seen: unknown[] = [];
const note = (value: any) => {
  if (value === null || typeof value !== "object" && typeof value !== "function") return;
  if (seen.length < 5000) seen.push(value);
};
const spy = (owner: any, name: PropertyKey) => {
  const real = owner[name];
  if (typeof real !== "function") return;
  try {
    owner[name] = function (this: unknown, ...args: unknown[]) {
      note(this);
      for (let i = 0; i < args.length; i++) note(args[i]);
      return Reflect_apply(real, this, args);
    };
  } catch { /* it is fixed */ }
};
const Reflect_apply = Reflect.apply;
for (const owner of [Array, String, Map, Set, WeakMap, Promise, Function, RegExp, Date, Uint8Array, EventTarget, Event]) {
  for (const name of Reflect.ownKeys(owner.prototype)) {
    if (name === "constructor") continue;
    const own = Object.getOwnPropertyDescriptor(owner.prototype, name)!;
    if (own.get !== undefined || owner === Array && (name === "push" || name === Symbol.iterator)) continue;
    spy(owner.prototype, name);
  }
}
for (const owner of [Object, JSON, Reflect, Array, Promise, Number, Math]) {
  for (const name of Reflect.ownKeys(owner)) if (name !== "prototype") spy(owner, name);
}
const find = async (test: (value: any) => boolean) => {
  await new Promise((done) => setTimeout(done, 10));
  if (seen.length === 0) return "nothing was seen";
  const matches = (value: any) => { try { return test(value); } catch { return false; } };
  for (let i = 0; i < seen.length; i++) {
    const value: any = seen[i];
    if (matches(value)) return "found";
    if (Array.isArray(value)) for (let at = 0; at < value.length && at < 9; at++) if (matches(value[at])) return "found";
  }
};`;

road(
  "What a plugin puts in the place of the language's own is handed nothing of the boot or the runtime",
  {
    head: HEAD,
    attempts: {
      core: `find((value) => typeof value.ops === "object" && value.ops !== null ||
        typeof value.op_read_file_sync === "function" || typeof value.op_fs_read_file_sync === "function")`,
      deno:
        `find((value) => typeof value.readTextFileSync === "function" && typeof value.Command === "function")`,
      post: `find((value) => typeof value.postMessage === "function")`,
      process: `find((value) => typeof value.kill === "function" && value.pid !== undefined)`,
      builtin: `find((value) => typeof value.getBuiltinModule === "function")`,
      ops: `find((value) => typeof value === "function" && /^op_/.test(value.name))`,
      natives: `find((value) => typeof value === "function" && /postMessage/.test(value.name))`,
    },
  },
);

road("A thenable of a plugin's is awaited by nobody else", {
  head: `let called = 0;
export function then(resolve: (module: object) => void) { called++; resolve({ Road }); }`,
  attempts: {
    namespace: `called || undefined`,
    prototype:
      `(Object.defineProperty(Object.prototype, "then", { value: () => {}, configurable: true }),
      delete (Object.prototype as any).then, "open")`,
    functions:
      `(Object.defineProperty(Function.prototype, "then", { value: () => {}, configurable: true }),
      delete (Function.prototype as any).then, "open")`,
  },
});

harm("What a plugin puts in the place of the language's own keeps no tuple from coming", {
  harmless: "it harms itself alone",
  body: `Array.prototype.push = JSON.stringify = Promise.prototype.then = Map.prototype.get =
      () => { throw new Error("forged"); };
    yield { message: { a: 1 } };`,
  check: ({ stdout, stderr }) => {
    // It harms itself: what matters is that the engine says so in a sentence, or goes on.
    assertEquals(/\(in worker|^error: (?!Source)/m.test(stderr), false, stderr);
    assertEquals(stdout === "" || stdout === '{"a":1}\n', true, stdout);
  },
});

harm("A plugin that patches the language keeps no stop from coming", {
  harmless: "the engine stops it, whatever the isolate does",
  body: `yield { message: { a: 1 } };
    Map.prototype.get = Map.prototype.delete = Promise.prototype.then = () => { throw new Error("forged"); };
    (globalThis as any).setTimeout = (globalThis as any).clearTimeout = () => 0;
    await new Promise(() => {});`,
  args: ["--limit", "1"],
  check: ({ code, stdout, stderr }) => {
    // It may have broken its own isolate, which is told in a sentence; what it may not do is live on.
    assertEquals(
      code === 0 || stderr.includes('Source "road" of stream "road" failed'),
      true,
      stderr,
    );
    // Its tuple may have been on the way.
    assert(stdout === "" || stdout === '{"a":1}\n', stdout);
    assertMatch(stderr, / in [\d.]+ m?s/);
  },
});

harm("A log line says whose it is, and a plugin's own word for it changes nothing", {
  body: `ctx.log.warn("road2: stream \\"other\\" failed");
    ctx.log.warn({ toString() { throw new Error("x"); } } as any);
    yield { message: { a: 1 } };`,
  check: ({ stderr }) => {
    const lines = stderr.split("\n").filter((line) => line.includes("road2"));
    assertEquals(lines.length, 1, stderr);
    assertEquals(/road: .*road2|road.*road2/.test(lines[0]!), true, stderr);
  },
});
