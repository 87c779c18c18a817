import { assertStringIncludes } from "@std/assert";
import { assertClosed, SECRET, walk, withSecretFile } from "./_road.ts";

const ATTEMPTS = {
  readTextFile: "Deno.readTextFile(props.path)",
  readTextFileSync: "Deno.readTextFileSync(props.path)",
  readFile: "new TextDecoder().decode(await Deno.readFile(props.path))",
  open:
    "(await Deno.open(props.path)).readable.pipeThrough(new TextDecoderStream()).getReader().read()" +
    ".then((part) => part.value)",
  fetch: `fetch("file://" + props.path).then((answer) => answer.text())`,
};

Deno.test("A plugin reads no file by the runtime's own calls", async () => {
  await withSecretFile((path) => assertClosed(ATTEMPTS, { props: { path } }));
});

Deno.test("A plugin reads a file that was granted by each of these calls", async () => {
  await withSecretFile(async (path) => {
    const got = await walk(ATTEMPTS, { props: { path }, permissions: { read: [path] } });
    for (const text of Object.values(got)) assertStringIncludes(text, SECRET);
  });
});

Deno.test("A plugin learns nothing of the file system", async () => {
  await withSecretFile((path) =>
    assertClosed({
      stat: "Deno.statSync(props.path).size",
      lstat: "Deno.lstatSync(props.path).size",
      readDir: "[...Deno.readDirSync('/')].length",
      realPath: "Deno.realPathSync('.')",
      readLink: "Deno.readLinkSync('/proc/self/exe')",
      watch: "Deno.watchFs('/').constructor.name",
      cwd: "Deno.cwd()",
      execPath: "Deno.execPath()",
      mainModule: "Deno.mainModule",
      location: "globalThis.location",
      process: "process.execPath ?? process.mainModule",
      write: "Deno.writeTextFileSync(props.path, '')",
      temporary: "Deno.makeTempFileSync()",
      remove: "Deno.removeSync(props.path)",
    }, { props: { path } })
  );
});
