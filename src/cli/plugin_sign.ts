import { relative } from "@std/path";
import { fail, messageOf } from "../core/mod.ts";
import type { Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";
import { count } from "./summary.ts";

/** `kuiper plugin sign`. */
export const command: Command = {
  words: "plugin sign",
  usage: ["FILE|DIR --key=key.pem [--print]"],
  about: `For authors: sign a source module with everything that it imports from its folder. The
signature is written beside it, to be uploaded with it: weather.ts.sig for weather.ts. Of a
directory every source file in it is signed. An operator who has your public key under
plugins.trustedKeys in etc/kuiper.yaml then knows whose code it is. Make a key with
"openssl genpkey -algorithm ed25519 -out key.pem"; "openssl pkey -in key.pem -pubout" prints
the public one.`,
  positionals: [{ name: "FILE|DIR" }],
  flags: [
    { name: "key", value: "key.pem", doc: "the private key" },
    { name: "print", doc: "print the signature and write nothing; of one file" },
  ],
  examples: [
    ["kuiper plugin sign plugins/sources/weather.ts --key=key.pem", "write weather.ts.sig"],
    ["kuiper plugin sign weather.ts --key=key.pem --print > weather.ts.sig", "the same anywhere"],
  ],
  async run(call) {
    const { terminal, flags } = call;
    const [target = ""] = call.args;
    const key = flags.text("key");
    if (key === undefined) throw fail("usage", "Signing needs a key: --key=key.pem");
    await using engine = await openEngine(call, { quiet: true });
    const signed = await engine.signPlugins({ target, key });
    if (flags.on("print")) {
      if (signed.length > 1) {
        throw fail("usage", `"${target}" has ${signed.length} source files, --print takes one`);
      }
      await terminal.print(signed[0]!.text);
      return 0;
    }
    for (const { file, text, modules } of signed) {
      const path = `${file}.sig`;
      const shown = relative(Deno.cwd(), path);
      try {
        await Deno.writeTextFile(path, text);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotCapable)) {
          throw fail("io", `Cannot write ${shown}: ${messageOf(error)}`, error);
        }
        const message = `Cannot write ${shown}: this program may not write there, use --print`;
        throw fail("denied", message, error);
      }
      terminal.note(`${shown} signs ${count(modules, "module")}`);
    }
    return 0;
  },
};
