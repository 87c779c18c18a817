/**
 * `deno run -A src/dev/weaken.ts OUT`: make an executable without the sandbox, as a control of the tests of the
 * sandbox. An attempt that gets nothing from the real executable proves something only if it gets what it wants from
 * this one. It is made from a copy of the sources; the real executable has no such switch.
 *
 * @module
 */
import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { fail, messageOf } from "../core/mod.ts";
import { run } from "./run.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** One defence, taken out of the sources by replacing a text that must be there. */
interface Weakening {
  readonly defence: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const WEAKENINGS: readonly Weakening[] = [
  {
    defence: "the taming of the realm",
    file: "src/loader/tame.ts",
    from: "  closeStandardStreams(internals);\n",
    to: "  if (Deno.pid > 0) return captured;\n  closeStandardStreams(internals);\n",
  },
  {
    defence: "the one load of an isolate",
    file: "src/loader/boot.ts",
    from: "      if (asked) return;\n",
    to: "      void asked;\n",
  },
  {
    defence: "the permissions of the Worker",
    file: "src/loader/worker_port.ts",
    from: "permissions: workerPermissions(grant)",
    to: 'permissions: "inherit"',
  },
  {
    defence: "the guard in the place of import()",
    file: "src/loader/link.ts",
    from: "        this.#edits.push({ start, end: dynamic.argument, text });\n",
    to: "        void text;\n",
  },
  {
    defence: "the invariant of the linked text",
    file: "src/loader/forbidden_words.ts",
    from: "  const match = WORDS.exec(text);\n",
    to: "  const match = null as RegExpExecArray | null;\n  void text;\n",
  },
  {
    defence: "the invariant of the linked text, where it is mended",
    file: "src/loader/forbidden_words.ts",
    from: "  for (const match of text.matchAll(WORDS)) found.push(match.index);\n",
    to: "  void text;\n",
  },
  {
    defence: "the permissions of the executable",
    file: "src/dev/compile.ts",
    from: "  const flags = permissionFlags(options.permissions);\n",
    to: '  const flags = ["--allow-all"];\n  void permissionFlags;\n',
  },
  {
    defence: "no code from text",
    file: "src/dev/compile_config.ts",
    from: "--disallow-code-generation-from-strings,",
    to: "",
  },
  {
    defence: "the fence in the module loader",
    file: "src/dev/compile_config.ts",
    from: ', "file:///": "refused:///"',
    to: "",
  },
];

/** Copy the sources to `folder` and take every defence out. @throws KuiperError `internal` where a text is not there. */
export async function weaken(folder: string): Promise<void> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
  }).output();
  const files = new TextDecoder().decode(stdout).split("\n").filter((file) =>
    /^(?:src|plugins|etc)\/|^(?:main\.ts|deno\.json|deno\.lock)$/.test(file)
  );
  for (const file of files) {
    const to = join(folder, file);
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.copyFile(join(ROOT, file), to);
  }
  for (const { defence, file, from, to } of WEAKENINGS) {
    const path = join(folder, file);
    const text = await Deno.readTextFile(path);
    if (!text.includes(from)) {
      throw fail(
        "internal",
        `Cannot take out ${defence}: ${file} reads otherwise, adapt weaken.ts`,
      );
    }
    await Deno.writeTextFile(path, text.replace(from, () => to));
  }
}

if (import.meta.main) {
  const [out, ...args] = Deno.args;
  if (out === undefined) throw fail("usage", "Say where it goes: src/dev/weaken.ts dist/weak");
  const folder = await Deno.makeTempDir({ prefix: "kuiper_weak_" });
  try {
    await weaken(folder);
    await run(Deno.execPath(), [
      "run",
      "--no-check",
      "-A",
      "src/dev/compile.ts",
      `--out=${resolve(out)}`,
      ...args,
    ], { cwd: folder });
  } catch (error) {
    console.error(messageOf(error));
    Deno.exitCode = 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
