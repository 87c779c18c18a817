/**
 * The roads to the file system. They are walked like all others, and once more with one defence out after the other: see
 * _layers.ts.
 *
 * @module
 */
import { type Attempt, type Road, type Scene, takingCalls, twoFaced } from "./_venue.ts";

/** By the runtime's own calls. */
export const READS: Road = {
  attempts: {
    readTextFile: "Deno.readTextFile(props.path)",
    readTextFileSync: "Deno.readTextFileSync(props.path)",
    readFile: "new TextDecoder().decode(await Deno.readFile(props.path))",
    readFileSync: "new TextDecoder().decode(Deno.readFileSync(props.path))",
    open:
      "(await Deno.open(props.path)).readable.pipeThrough(new TextDecoderStream()).getReader()" +
      ".read().then((part) => part.value)",
    openSync: "Deno.openSync(props.path).statSync().size",
    fetch: `fetch("file://" + props.path).then((answer) => answer.text())`,
    fetchRelative: `fetch("../".repeat(20) + props.path.slice(1)).then((answer) => answer.text())`,
    url: `Deno.readTextFileSync(new URL("file://" + props.path))`,
    parent: `Deno.readTextFileSync(props.folder + "/../outside/secret.json")`,
    iterator: `Iterator.from([props.path]).map(Deno.readTextFileSync as any).next().value`,
    fromAsync:
      `(Array as any).fromAsync([props.path], Deno.readTextFile).then((all: any) => all[0])`,
    tried: `(Promise as any).try(Deno.readTextFileSync, props.path)`,
    disposed: `(() => { let got; {
      using held = { [Symbol.dispose]() { got = Deno.readTextFileSync(props.path); } };
      void held; } return got; })()`,
    stacked: `(() => { const stack = new DisposableStack(); let got;
      stack.adopt(props.path, (path) => { got = Deno.readTextFileSync(path); }); stack.dispose();
      return got; })()`,
    asyncStacked: `(async () => { let got; { await using stack = new AsyncDisposableStack();
      stack.defer(async () => { got = await Deno.readTextFile(props.path); }); } return got; })()`,
    proc: `Deno.readTextFileSync("/proc/self/environ")`,
    procRoot: `Deno.readTextFileSync("/proc/self/root" + props.path)`,
    descriptor: `Deno.openSync("/dev/fd/0").constructor.name`,
  },
};

/** What is there. */
export const LEARNS: Road = {
  attempts: {
    stat: "Deno.statSync(props.path).size",
    lstat: "Deno.lstatSync(props.path).size",
    readDir: "[...Deno.readDirSync('/')].length",
    realPath: "Deno.realPathSync('.')",
    readLink: "Deno.readLinkSync('/proc/self/exe')",
    watch: "Deno.watchFs(props.folder).constructor.name",
  },
};

/** Anything that changes a file or a folder. */
export const WRITES: Road = {
  attempts: {
    writeTextFile: "Deno.writeTextFile(props.folder + '/a', '').then(() => 'written')",
    writeTextFileSync: "Deno.writeTextFileSync(props.folder + '/b', '') ?? 'written'",
    open: "Deno.openSync(props.folder + '/c', { write: true, create: true }) && 'written'",
    create: "Deno.createSync(props.folder + '/d') && 'written'",
    append: "Deno.writeTextFileSync(props.path, 'x', { append: true }) ?? 'written'",
    temporary: "Deno.makeTempFileSync()",
    temporaryDir: "Deno.makeTempDirSync()",
    mkdir: "Deno.mkdirSync(props.folder + '/e') ?? 'made'",
    remove: "Deno.removeSync(props.path) ?? 'removed'",
    rename: "Deno.renameSync(props.path, props.path + '2') ?? 'renamed'",
    copy: "Deno.copyFileSync(props.path, props.folder + '/f') ?? 'copied'",
    link: "Deno.linkSync(props.path, props.folder + '/g') ?? 'linked'",
    symlink: "Deno.symlinkSync(props.path, props.folder + '/h') ?? 'linked'",
    chmod: "Deno.chmodSync(props.path, 0o777) ?? 'changed'",
    truncate: "Deno.truncateSync(props.path) ?? 'cut'",
  },
  scene: (folder) =>
    Promise.resolve({
      after({ got }) {
        // The control makes files, and the others must not.
        if (Object.values(got).some((text) => !text.startsWith("!"))) return;
        const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
        if (names.join() !== "secret.js,secret.json") throw new Error(`it made ${names}`);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

/** A folder that is granted. */
async function grantedScene(_folder: string, base: string): Promise<Scene> {
  const granted = `${base}/data/granted`;
  await Deno.mkdir(granted);
  for (const name of ["in", "in2"]) await Deno.writeTextFile(`${granted}/${name}`, "in");
  return { props: { granted }, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** An attempt while something of the language says what the plugin wants. */
const patched = (what: string, code: string) =>
  `(() => {
    const [object, name, property] = [${what}] as [any, PropertyKey, PropertyDescriptor];
    const own = Object.getOwnPropertyDescriptor(object, name)!;
    Object.defineProperty(object, name, { ...property, configurable: true });
    try { return ${code}; } finally { Object.defineProperty(object, name, own); }
  })()`;

/** Out of a folder that was granted. */
export const LEAVES: Road = {
  permissions: ({ props }) => `{ read: ["${props!["granted"]}"], write: ["${props!["granted"]}"] }`,
  attempts: {
    parent: `Deno.readTextFileSync(props.granted + "/../../../outside/secret.json")`,
    encoded:
      `Deno.readTextFileSync(new URL("file://" + props.granted + "/%2e%2e/%2e%2e/%2e%2e/outside/secret.json"))`,
    symlink:
      `(Deno.symlinkSync(props.path, props.granted + "/s"), Deno.readTextFileSync(props.granted + "/s"))`,
    relative:
      `(Deno.symlinkSync("../../../outside/secret.json", props.granted + "/r"), Deno.readTextFileSync(props.granted + "/r"))`,
    hardlink:
      `(Deno.linkSync(props.path, props.granted + "/l"), Deno.readTextFileSync(props.granted + "/l"))`,
    rename:
      `(Deno.renameSync(props.path, props.granted + "/n"), Deno.readTextFileSync(props.granted + "/n"))`,
    copy:
      `(Deno.copyFileSync(props.path, props.granted + "/c"), Deno.readTextFileSync(props.granted + "/c"))`,
    copyOut: `Deno.copyFileSync(props.granted + "/in", props.folder + "/o") ?? "copied"`,
    renameOut: `Deno.renameSync(props.granted + "/in2", props.folder + "/p") ?? "renamed"`,
    openToWrite: `Deno.openSync(props.folder + "/q", { write: true, create: true }) && "opened"`,
    temporary: `Deno.makeTempFileSync({ dir: props.folder })`,
    temporaryPrefix: `Deno.makeTempFileSync({ dir: props.granted, prefix: "../x" })`,
    temporarySuffix: `Deno.makeTempFileSync({ dir: props.granted, suffix: "/../../x" })`,
    watch: `Deno.watchFs([props.granted, props.folder]).close() ?? "watched"`,
    fetch: `fetch("file://" + props.path).then((answer) => answer.text())`,
    fetchTwoFaced: `fetch(${
      twoFaced(`"file://" + props.granted + "/in"`, `"file://" + props.path`)
    }).then((answer) => answer.text()).then((text) => text === "in" ? undefined : text)`,
    fetchTabs: `fetch("file://" + props.granted + "/.\\t./\\t../..\\t/outside/secret.json")
      .then((answer) => answer.text())`,
    fetchSlash: `fetch("file://" + props.granted + "/..%2f..%2f..%2foutside/secret.json")
      .then((answer) => answer.text())`,
    object: `Deno.readTextFileSync({ toString: () => props.path } as any)`,
    changing: `(() => { let n = 0;
      const path = { toString: () => n++ === 0 ? props.granted + "/in" : props.path } as any;
      const text = Deno.readTextFileSync(path);
      return text === "in" ? undefined : text; })()`,
    ownPathname: `(() => { const url = new URL("file://" + props.granted + "/none");
      Object.defineProperty(url, "pathname", { value: props.path });
      return Deno.readTextFileSync(url); })()`,
    patchedPathname: patched(
      `URL.prototype, "pathname", { get: () => props.path }`,
      `Deno.readTextFileSync(new URL("file://" + props.granted + "/none"))`,
    ),
    patchedText: patched(
      `String.prototype, "startsWith", { value: () => true }`,
      "Deno.readTextFileSync(props.path)",
    ),
    patchedSlice: patched(
      `String.prototype, "slice", { value: () => props.granted }`,
      "Deno.readTextFileSync(props.path)",
    ),
    patchedList: patched(
      `Array.prototype, Symbol.iterator, { value: function* () { yield props.granted + "/in"; } }`,
      "Deno.readTextFileSync(props.path)",
    ),
  },
  scene: grantedScene,
};

/** A granted folder in which links are that lead out of it. */
async function linkedScene(folder: string, base: string): Promise<Scene> {
  const scene = await grantedScene(folder, base);
  const { granted } = scene.props!;
  await Deno.symlink(folder, `${granted}/folder`);
  await Deno.symlink("../../../outside/secret.json", `${granted}/file`);
  return scene;
}

/** Out of a folder that may only be read, by links that were in it before and that the operator knows of. */
export const LINKS: Road = {
  outsideLinks: "ignore",
  permissions: ({ props }) => `{ read: ["${props!["granted"]}"] }`,
  attempts: {
    file: `Deno.readTextFileSync(props.granted + "/file")`,
    inFolder: `Deno.readTextFile(props.granted + "/folder/secret.json")`,
    fetch: `fetch("file://" + props.granted + "/file").then((answer) => answer.text())`,
    fetchOther: `(async () => { const Real = Request;
      (globalThis as any).Request = function () { return new Real("file://" + props.granted + "/file"); };
      try {
        const text = await (await fetch("file://" + props.granted + "/in")).text();
        return text === "in" ? undefined : text;
      } finally { (globalThis as any).Request = Real; } })()`,
    fetchTwoFaced: `fetch(${
      twoFaced(`"file://" + props.granted + "/in"`, `"file://" + props.granted + "/file"`)
    }).then((answer) => answer.text()).then((text) => text === "in" ? undefined : text)`,
    takenCall: takingCalls(
      `Deno.readTextFile(props.granted + "/in").then((text) => text === "in" ? undefined : text)`,
      `args = args.map((one) => one === props.granted + "/in" ? props.granted + "/file" : one);`,
    ),
    open: `Deno.openSync(props.granted + "/file").statSync().size`,
    stat: `Deno.statSync(props.granted + "/file").size`,
    readDir: `[...Deno.readDirSync(props.granted + "/folder")].length`,
    realPath: `Deno.realPathSync(props.granted + "/file")`,
    watch: `Deno.watchFs(props.granted + "/folder").close() ?? "watched"`,
    whereTo: `(() => { try { return Deno.readTextFileSync(props.granted + "/file"); }
      catch (error) { return String(error).includes(props.folder) ? String(error) : undefined; } })()`,
    whatIsThere: `(() => {
      const [there, none] = ["secret.json", "none"].map((name) => {
        const path = props.granted + "/folder/" + name + "/x";
        try { return Deno.statSync(path).size; } catch (error) { return String(error).replaceAll(path, ""); }
      });
      return there === none ? undefined : there;
    })()`,
  },
  scene: linkedScene,
};

/** The same where nobody said that such links may be there. */
export const READ_LINKS: Road = { ...LINKS, outsideLinks: "refuse", neverRuns: true };

const WRITES_BY_LINK = {
  write: `Deno.writeTextFileSync(props.granted + "/folder/new", "") ?? "written"`,
  append: `Deno.writeTextFileSync(props.granted + "/file", "x", { append: true }) ?? "written"`,
  mkdir: `Deno.mkdirSync(props.granted + "/folder/made/deep", { recursive: true }) ?? "made"`,
};

/** Out of a folder that may be written, and not read: nobody may look there where a link leads. */
export const WRITTEN_LINKS: Road = {
  neverRuns: true,
  permissions: ({ props }) => `{ write: ["${props!["granted"]}"] }`,
  attempts: WRITES_BY_LINK,
  scene: linkedScene,
};

/** Out of a folder that may be read and written. */
export const BOTH_LINKS: Road = {
  ...WRITTEN_LINKS,
  permissions: ({ props }) => `{ read: ["${props!["granted"]}"], write: ["${props!["granted"]}"] }`,
  attempts: {
    ...LINKS.attempts,
    ...WRITES_BY_LINK,
    copy: `(Deno.copyFileSync(props.granted + "/file", props.granted + "/c"),
      Deno.readTextFileSync(props.granted + "/c"))`,
    rename: `(Deno.renameSync(props.granted + "/folder/secret.js", props.granted + "/r"),
      Deno.readTextFileSync(props.granted + "/r"))`,
    // The runtime looks at the path without the link, and the system goes up from where it leads.
    temporary: {
      code: `Deno.makeTempFileSync({ dir: props.granted + "/folder/.." })`,
      hit: (got) => /\/folder\/\.\.\//.test(got ?? ""),
    },
  },
};

/** Out of a folder that may be read and written, by a link that leads out of it only in another place. */
export const MOVED_LINKS: Road = {
  ...BOTH_LINKS,
  attempts: {
    moved: `(Deno.renameSync(props.granted + "/sub/up", props.granted + "/up"),
      Deno.readTextFileSync(props.granted + "/up/beside"))`,
    again: `Deno.readTextFileSync(props.granted + "/up/beside")`,
  },
  async scene(folder, base) {
    const scene = await grantedScene(folder, base);
    const { granted } = scene.props!;
    await Deno.mkdir(`${granted}/sub`);
    await Deno.symlink("..", `${granted}/sub/up`);
    await Deno.writeTextFile(`${base}/data/beside`, "beside");
    return scene;
  },
};

const value = (specifier: string, options = "") =>
  `import(${specifier}${options}).then((module) => JSON.stringify(module.default ?? Object.keys(module)))`;

/** By the module loader. */
export const IMPORTS: Road = {
  attempts: {
    computed: value(`"file://" + props.path`),
    withType: value(`"file://" + props.path`, `, { with: { type: "json" } }`),
    text: value(`"file://" + props.path`, `, { with: { type: "text" } }`),
    bytes: value(`"file://" + props.path`, `, { with: { type: "bytes" } }`),
    script: value(`"file://" + props.script`),
    path: value("props.script"),
    spaced: `import /* a comment */ ("file://" + props.script).then((module) => module.default)`,
    newline: `import\n("file://" + props.script).then((module) => module.default)`,
    template: "import(`file://${props.script}`).then((module) => module.default)",
    url: `import(new URL("file://" + props.script)).then((module) => module.default)`,
    object: `import({ toString: () => "file://" + props.script }).then((module) => module.default)`,
    nested:
      `import("file://" + (await Promise.resolve(props.script))).then((module) => module.default)`,
    inArrow: `((specifier) => import(specifier))("file://" + props.script).then((m) => m.default)`,
    inTemplate: "`${await import('file://' + props.script).then((m) => m.default)}`",
    optional: `import("file://" + props.script)?.then?.((m) => m.default)`,
    data: value(`"data:text/javascript," + "export default 1"`),
    dataToFile: value(
      `"data:text/javascript,export { default } from 'file://" + props.script + "'"`,
    ),
    blob: value(`URL.createObjectURL(new Blob(["export default 1"], { type: "text/javascript" }))`),
    https: value(`"https://127.0.0.1:9/" + "a.js"`),
    http: value(`"http://127.0.0.1:9/" + "a.js"`),
    node: value(`"node:" + "fs"`),
    bareNode: value(`"f" + "s"`),
    npm: value(`"npm:" + "amaro"`),
    bare: value(`"am" + "aro"`),
    jsr: value(`"jsr:" + "@std/path"`),
    own: value(`/file:.*?boot\\.[jt]s/.exec(new Error("x").stack)[0]`),
    ext: value(`"ext:" + "core/mod.js"`),
    meta: `typeof import.meta.resolve === "function" ? import.meta.resolve("node:fs") : undefined`,
    metaPath: `import.meta.filename ?? import.meta.dirname`,
  },
  // What the module is called inside of its one text tells nothing of the machine.
  harmless: (name, got) => name === "metaPath" && !got.includes("/tmp"),
};

/** What is no WebAssembly is refused with its first bytes: those of a JSON object. */
export const quotesFile = (code: string): Attempt => ({
  code,
  hit: (got) => /found 7b 22 73 65/.test(got ?? ""),
});

const later = `new Promise((done) => setTimeout(() => done((globalThis as any).leak), 60))`;
const builtin = (name: string) => `process.getBuiltinModule("node:${name}")`;

/** A Worker of the plugin's own that runs `text`, in which FILE stands for the file. */
const inWorker = (text: string) =>
  `new Promise((done, failed) => {
    const text = ${JSON.stringify(text)}.replaceAll("FILE", "file://" + props.script);
    const worker = new Worker("data:text/javascript," + encodeURIComponent(text), { type: "module" });
    worker.onmessage = (event) => { worker.terminate(); done(event.data); };
    worker.onerror = (event) => { event.preventDefault(); failed(event.message); };
  })`;

/** What the engine says to the boot, said by the plugin. */
const forgedLoad = (text: string) =>
  `(delete (globalThis as any).leak, dispatchEvent(new MessageEvent("message", { data: { t: "load", role: "source",
    type: "road", nodeModules: [], env: [], text: ${text} } })), ${later})`;

/** By code that it makes, by another isolate, by a module of the runtime, by the engine's own words. */
export const ROUNDABOUT: Road = {
  attempts: {
    eval: `(0, eval)("(s) => import(s)")("file://" + props.script).then((m) => m.default)`,
    Function:
      `new Function("s", "return import(s)")("file://" + props.script).then((m) => m.default)`,
    async:
      `(async () => {}).constructor("s", "return (await import(s)).default")("file://" + props.script)`,
    timer: `(delete (globalThis as any).leak,
      setTimeout("import('file://" + props.script + "').then((m) => { globalThis.leak = m.default; })"), ${later})`,
    worker: inWorker(
      "import('FILE').then((m) => postMessage(m.default), (e) => postMessage('!' + e))",
    ),
    workerStatic: inWorker("import secret from 'FILE'; postMessage(secret);"),
    workerReads: inWorker(
      "try { postMessage(Deno.readTextFileSync(new URL('FILE'))); } catch (e) { postMessage('!' + e); }",
    ),
    core:
      `Deno[Deno.internal].core.evalContext("(s) => import(s)", "file:///a.js")[0]("file://" + props.script)
      .then((m) => m.default)`,
    fs: `${builtin("fs")}.readFileSync(props.path, "utf8")`,
    require: `${builtin("module")}.createRequire("file://" + props.path)(props.path).secret`,
    vm: `${
      builtin("vm")
    }.runInThisContext("(s) => import(s)", { filename: "file:///a.js" })("file://" + props.script)
      .then((m) => m.default)`,
    sqlite: `new (${builtin("sqlite")}.DatabaseSync)(props.folder + "/made.db").isOpen`,
    child: `${builtin("child_process")}.execFileSync("/bin/cat", [props.path]).toString()`,
    command:
      `new TextDecoder().decode(new Deno.Command("/bin/cat", { args: [props.path] }).outputSync().stdout)`,
    forged: forgedLoad(
      "`globalThis.leak = (await import('file://${props.script}')).default; await new Promise(() => {});`",
    ),
    forgedJson: forgedLoad(
      "`globalThis.leak = JSON.stringify((await import('file://${props.path}', { with: { type: 'json' } })).default); await new Promise(() => {});`",
    ),
    compileStreaming: quotesFile(`WebAssembly.compileStreaming(fetch("file://" + props.path))`),
    streaming: quotesFile(`WebAssembly.instantiateStreaming(fetch("file://" + props.path))`),
  },
};

/** By an import of the module itself, which is refused before any of it runs. */
export const STATIC_FILE: Road = {
  neverRuns: true,
  head: `import secret from "../../../outside/secret.js";`,
  attempts: { file: "secret" },
};

/** The same with a module of the runtime. */
export const STATIC_NODE: Road = {
  neverRuns: true,
  head: `import { readFileSync } from "node:fs";`,
  attempts: { node: `readFileSync(props.path, "utf8")` },
};
