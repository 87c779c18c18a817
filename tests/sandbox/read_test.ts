import { allowed, road } from "./_venue.ts";

road("A plugin reads no file by the runtime's own calls", {
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
    url: `Deno.readTextFileSync(new URL("file://" + props.path))`,
    parent: `Deno.readTextFileSync(props.folder + "/../outside/secret.json")`,
    proc: `Deno.readTextFileSync("/proc/self/environ")`,
    procRoot: `Deno.readTextFileSync("/proc/self/root" + props.path)`,
    descriptor: allowed(`Deno.readTextFileSync("/dev/fd/0")`),
  },
});

road("A plugin learns nothing of the file system", {
  attempts: {
    stat: "Deno.statSync(props.path).size",
    lstat: "Deno.lstatSync(props.path).size",
    readDir: "[...Deno.readDirSync('/')].length",
    realPath: "Deno.realPathSync('.')",
    readLink: "Deno.readLinkSync('/proc/self/exe')",
    watch: "Deno.watchFs(props.folder).constructor.name",
    cwd: "Deno.cwd()",
    execPath: "Deno.execPath()",
    mainModule: "Deno.mainModule",
    location: "globalThis.location",
    process: "process.execPath ?? process.mainModule",
    processCwd: "process.cwd()",
    argv: "process.argv?.[0]",
    args: "Deno.args?.join()",
    memory: "Deno.memoryUsage().rss",
    memoryInfo: "Deno.systemMemoryInfo().total",
    hostname: "Deno.hostname()",
    uid: "Deno.uid()",
    interfaces: "Deno.networkInterfaces().length",
  },
  // Libraries ask where they are: they are told the root of nothing.
  harmless: (name, got) => name === "processCwd" && got === "/",
});

road("A plugin writes no file", {
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
});

road("A plugin leaves a folder that it was granted by no path and no link of its own", {
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
  },
  async scene(_folder, base) {
    const granted = `${base}/data/granted`;
    await Deno.mkdir(granted);
    return { props: { granted }, [Symbol.asyncDispose]: () => Promise.resolve() };
  },
});
