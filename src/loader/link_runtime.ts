/**
 * The half of the linker that runs in the isolate: it joins the functions of a linked text to a module graph and
 * evaluates it in the order of the language. It imports nothing, and takes what it uses of the language before any
 * plugin's code runs.
 *
 * @module
 */
const { create, defineProperty, freeze, getOwnPropertyDescriptor, keys, preventExtensions } =
  Object;
const { toStringTag } = Symbol;

/**
 * A name of a namespace and what it stands for: a name of a module of the text (by index) or of the isolate (by
 * specifier), or the whole namespace of one.
 */
export type LinkedName =
  | readonly [exported: string, from: number | string, name: string]
  | readonly [exported: string, of: number | string];

/** One module of a linked text. */
export interface LinkedModule {
  /**
   * What `import.meta.url` says, and what the file is called here. Where it lies on the machine does not stand in the text: a
   * plugin can read that.
   */
  readonly url: string;
  /** Modules that are evaluated before it, in order. */
  readonly needs: readonly number[];
  /** Whether it awaits outside of functions. */
  readonly async: boolean;
  /** Names of the exports that it declares, in the order in which its function registers them. */
  readonly own: readonly string[];
  /** Every name of its namespace, sorted, when someone holds the namespace. */
  readonly names: readonly LinkedName[] | null;
  /** Modules of the isolate whose names its namespace has as well. */
  readonly stars: readonly string[];
  /** Namespaces that its function takes from the kit. */
  readonly uses: readonly (number | string)[];
  /** Names that it takes from modules of the isolate, which only the isolate can check, and the lines. */
  readonly wants: readonly (readonly [from: number | string, name: string, line: number])[];
  /** Strings of templates that tags are called with: cooked and raw. */
  readonly templates: readonly (readonly [readonly (string | null)[], readonly string[]])[];
  /** The module: up to its first `yield` it declares, then it runs. */
  readonly "<module>": (
    kit: ModuleKit,
  ) => Generator<void, void> | AsyncGenerator<void, void>;
}

/** The value of a linked text; the first module is the entry. */
export type LinkedModules = readonly LinkedModule[];

/** What a module's function is given in place of the words that it lost. */
export interface ModuleKit {
  /** The namespaces that it uses. */
  readonly u: readonly object[];
  /** Registers what reads each own export. */
  x(...readers: (() => unknown)[]): void;
  /** Names the anonymous default function. */
  d(anonymous: object): void;
  /** Imports a module of the text, or one of the isolate. */
  i(target: number | string): Promise<object>;
  /** Refuses to import. */
  g(sentence: string): Promise<never>;
  /** The strings of a tagged template. */
  t(index: number): object;
  /** The module's meta object. */
  readonly m: object;
}

/** A module at work. The names are those of the language's definition. */
interface Instance {
  readonly module: LinkedModule;
  readonly namespace: Record<string, unknown>;
  readers: readonly (() => unknown)[];
  body: Generator<void, void> | AsyncGenerator<void, void> | undefined;
  status: "linked" | "evaluating" | "evaluating-async" | "evaluated";
  error: { readonly value: unknown } | undefined;
  index: number;
  ancestor: number;
  cycleRoot: Instance;
  /** Order in which asynchronous modules began, 0 when it is none or done. */
  asyncOrder: number;
  pending: number;
  waiting: Instance[];
  done:
    | { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void }
    | undefined;
}

/**
 * Make the modules of a linked text and evaluate its entry.
 *
 * @param natives namespaces of the isolate's own modules, by specifier.
 * @returns the namespace of the entry, wrapped because it may have an export named `then`.
 * @throws what a module throws, or a SyntaxError when one of the isolate's modules lacks a name.
 */
export async function instantiate(
  linked: LinkedModules,
  natives: Readonly<Record<string, object>>,
): Promise<{ namespace: Readonly<Record<string, unknown>> }> {
  return await new Runtime(linked, natives).evaluateEntry();
}

class Runtime {
  readonly #instances: Instance[] = [];
  readonly #natives: Record<string, Record<string, unknown>> = create(null);
  /** What asynchronous modules return at their first yield. */
  readonly #declared: unknown[] = [];
  #asyncCount = 0;

  constructor(linked: LinkedModules, natives: Readonly<Record<string, object>>) {
    const specifiers = keys(natives);
    for (let at = 0; at < specifiers.length; at++) {
      const specifier = specifiers[at]!;
      this.#natives[specifier] = frozenNamespace(natives[specifier] as Record<string, unknown>);
    }
    for (let at = 0; at < linked.length; at++) this.#instances[at] = newInstance(linked[at]!);
    for (let at = 0; at < linked.length; at++) this.#declare(this.#instances[at]!);
    for (let at = 0; at < linked.length; at++) this.#defineNames(this.#instances[at]!);
    for (let at = 0; at < linked.length; at++) this.#checkWants(linked[at]!);
  }

  async evaluateEntry(): Promise<{ namespace: Readonly<Record<string, unknown>> }> {
    const entry = this.#instances[0]!;
    // An asynchronous generator that has reached its first yield goes on at once when it is asked to.
    for (let at = 0; at < this.#declared.length; at++) await this.#declared[at];
    await this.#evaluate(entry);
    return { namespace: entry.namespace };
  }

  // -- Linking --

  #native(specifier: string): Record<string, unknown> {
    const namespace = this.#natives[specifier];
    if (namespace === undefined) {
      throw new TypeError(`Cannot import "${specifier}": it is not here`);
    }
    return namespace;
  }

  #namespace(of: number | string): Record<string, unknown> {
    return typeof of === "string" ? this.#native(of) : this.#instances[of]!.namespace;
  }

  #checkWants({ url, wants }: LinkedModule): void {
    for (let at = 0; at < wants.length; at++) {
      const [from, name, line] = wants[at]!;
      if (getOwnPropertyDescriptor(this.#namespace(from), name) !== undefined) continue;
      const what = typeof from === "string" ? from : this.#instances[from]!.module.url;
      throw new SyntaxError(`Cannot load ${url}:${line}: "${what}" has no export "${name}"`);
    }
  }

  /** Run a module's function up to where its functions are hoisted and its exports registered. */
  #declare(instance: Instance): void {
    // Called by a name of its own, or the record would be its `this`.
    const run = instance.module["<module>"];
    const body = run(this.#kit(instance));
    instance.body = body;
    const declared = body.next();
    if (instance.module.async) this.#declared[this.#declared.length] = declared;
  }

  #kit(instance: Instance): ModuleKit {
    const { module } = instance;
    const uses: object[] = [];
    for (let at = 0; at < module.uses.length; at++) uses[at] = this.#namespace(module.uses[at]!);
    const templates: (object | undefined)[] = [];
    return freeze({
      u: uses,
      x: (...readers: (() => unknown)[]) => void (instance.readers = readers),
      d: (anonymous: object) =>
        void defineProperty(anonymous, "name", { value: "default", configurable: true }),
      i: (target: number | string) => this.#importLater(target),
      // deno-lint-ignore require-await -- a rejection, not a throw
      g: async (sentence: string) => {
        throw new TypeError(sentence);
      },
      t: (index: number) => templates[index] ??= templateObject(module.templates[index]!),
      m: freeze(Object.assign(create(null), { url: module.url, main: false })),
    });
  }

  #defineNames({ module, namespace, readers }: Instance): void {
    if (module.names === null) {
      for (let at = 0; at < module.own.length; at++) {
        define(namespace, module.own[at]!, readers[at]!);
      }
    } else {
      for (let at = 0; at < module.names.length; at++) {
        const name = module.names[at]!;
        define(namespace, name[0], this.#reader(name));
      }
    }
    for (let at = 0; at < module.stars.length; at++) {
      const native = this.#native(module.stars[at]!);
      const names = keys(native);
      for (let n = 0; n < names.length; n++) {
        const name = names[n]!;
        if (name === "default" || getOwnPropertyDescriptor(namespace, name) !== undefined) continue;
        define(namespace, name, () => native[name]);
      }
    }
    defineProperty(namespace, toStringTag, { value: "Module" });
    preventExtensions(namespace);
  }

  #reader(name: LinkedName): () => unknown {
    const [, from, inner] = name;
    const namespace = this.#namespace(from);
    if (inner === undefined) return () => namespace;
    if (typeof from === "string") return () => namespace[inner];
    const { module, readers } = this.#instances[from]!;
    return readers[module.own.indexOf(inner)] ?? (() => namespace[inner]);
  }

  // -- Evaluating: the algorithm of the language, with its names --

  async #importLater(target: number | string): Promise<object> {
    // Like the language's own, it begins after the code that calls it.
    await undefined;
    if (typeof target === "string") return this.#native(target);
    const instance = this.#instances[target]!;
    await this.#evaluate(instance);
    return instance.namespace;
  }

  #evaluate(start: Instance): Promise<void> {
    const instance = start.status === "evaluating-async" || start.status === "evaluated"
      ? start.cycleRoot
      : start;
    if (instance.done !== undefined) return instance.done.promise;
    const done = Promise.withResolvers<void>();
    instance.done = done;
    const stack: Instance[] = [];
    try {
      this.#innerEvaluate(instance, { stack, index: 0 });
      if (instance.status === "evaluated") done.resolve();
    } catch (error) {
      for (let at = 0; at < stack.length; at++) {
        stack[at]!.status = "evaluated";
        stack[at]!.error = { value: error };
      }
      done.reject(error);
    }
    return done.promise;
  }

  #innerEvaluate(instance: Instance, state: { stack: Instance[]; index: number }): void {
    if (instance.status === "evaluating-async" || instance.status === "evaluated") {
      if (instance.error !== undefined) throw instance.error.value;
      return;
    }
    if (instance.status === "evaluating") return;
    instance.status = "evaluating";
    instance.index = instance.ancestor = state.index++;
    const { stack } = state;
    stack[stack.length] = instance;
    const { needs, async } = instance.module;
    for (let at = 0; at < needs.length; at++) {
      let needed = this.#instances[needs[at]!]!;
      this.#innerEvaluate(needed, state);
      if (needed.status === "evaluating") {
        if (needed.ancestor < instance.ancestor) instance.ancestor = needed.ancestor;
      } else {
        needed = needed.cycleRoot;
        if (needed.error !== undefined) throw needed.error.value;
      }
      if (needed.asyncOrder > 0) {
        instance.pending++;
        needed.waiting[needed.waiting.length] = instance;
      }
    }
    if (instance.pending > 0 || async) {
      instance.asyncOrder = ++this.#asyncCount;
      if (instance.pending === 0) this.#executeAsync(instance);
    } else {
      void instance.body!.next();
    }
    if (instance.ancestor !== instance.index) return;
    let member: Instance;
    do {
      member = stack[stack.length - 1]!;
      stack.length--;
      member.status = member.asyncOrder > 0 ? "evaluating-async" : "evaluated";
      member.cycleRoot = instance;
    } while (member !== instance);
  }

  #executeAsync(instance: Instance): void {
    const run = async () => {
      try {
        await instance.body!.next();
      } catch (error) {
        this.#rejected(instance, error);
        return;
      }
      this.#fulfilled(instance);
    };
    void run();
  }

  #fulfilled(instance: Instance): void {
    if (instance.status === "evaluated") return;
    finish(instance);
    const ready: Instance[] = [];
    gatherReady(instance, ready);
    ready.sort((a, b) => a.asyncOrder - b.asyncOrder);
    for (let at = 0; at < ready.length; at++) {
      const next = ready[at]!;
      if (next.status === "evaluated") continue;
      if (next.module.async) {
        this.#executeAsync(next);
        continue;
      }
      try {
        void next.body!.next();
      } catch (error) {
        this.#rejected(next, error);
        continue;
      }
      finish(next);
    }
  }

  #rejected(instance: Instance, error: unknown): void {
    if (instance.status === "evaluated") return;
    instance.error = { value: error };
    instance.status = "evaluated";
    instance.asyncOrder = 0;
    for (let at = 0; at < instance.waiting.length; at++) {
      this.#rejected(instance.waiting[at]!, error);
    }
    instance.done?.reject(error);
  }
}

function newInstance(module: LinkedModule): Instance {
  const instance: Omit<Instance, "cycleRoot"> = {
    module,
    // A literal, because an object of Object.create(null) is a slow dictionary.
    namespace: { __proto__: null } as unknown as Record<string, unknown>,
    readers: [],
    body: undefined,
    status: "linked",
    error: undefined,
    index: 0,
    ancestor: 0,
    asyncOrder: 0,
    pending: 0,
    waiting: [],
    done: undefined,
  };
  const whole = instance as Instance;
  whole.cycleRoot = whole;
  return whole;
}

function finish(instance: Instance): void {
  instance.asyncOrder = 0;
  instance.status = "evaluated";
  instance.done?.resolve();
}

function gatherReady(instance: Instance, ready: Instance[]): void {
  const { waiting } = instance;
  for (let at = 0; at < waiting.length; at++) {
    const next = waiting[at]!;
    if (next.pending === 0 || next.cycleRoot.error !== undefined) continue;
    next.pending--;
    if (next.pending > 0) continue;
    ready[ready.length] = next;
    if (!next.module.async) gatherReady(next, ready);
  }
}

/** Read-only, and for no one's writing through. */
function define(namespace: object, name: string, get: () => unknown): void {
  defineProperty(namespace, name, { get, enumerable: true, configurable: false });
}

/** A copy that nobody can change: assigning to an imported name must fail. */
function frozenNamespace(native: Record<string, unknown>): Record<string, unknown> {
  const copy = { __proto__: null } as unknown as Record<string, unknown>;
  const names = keys(native);
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    defineProperty(copy, name, { value: native[name], enumerable: true });
  }
  defineProperty(copy, toStringTag, { value: "Module" });
  return freeze(copy);
}

function templateObject([cooked, raw]: LinkedModule["templates"][number]): object {
  // What has an escape that is none is undefined for the tag; plain data has null for it.
  const strings = cooked.map((text) => text === null ? undefined : text);
  defineProperty(strings, "raw", { value: freeze([...raw]) });
  return freeze(strings);
}
