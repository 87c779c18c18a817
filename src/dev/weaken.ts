/**
 * `deno run -A src/dev/weaken.ts BINARY OUT [DEFENCE...]`: copy the executable without the named defences of the sandbox,
 * or without any of them, as a control of the sandbox's tests. An attempt that gets nothing from the real executable
 * proves something only if it gets what it wants from a weakened one.
 *
 * The copy differs in a few texts, each overwritten in its place by one of the same length: nothing is compiled again, so
 * that all the rest is what was built. The real executable has no such switch.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { fail, messageOf, oneOf } from "../core/mod.ts";
import { ELF_HEADER_BYTES, elfLength } from "./elf.ts";

/** What is looked for in the executable, and what is written over it, filled up with blanks. */
type Edit = readonly [from: RegExp, to: string];

/** What keeps a plugin from what it was not granted, each by itself, as the bundler and the compiler wrote it. */
const EDITS: Readonly<Record<string, readonly Edit[]>> = {
  "permissions of the Worker": [
    [/permissions: workerPermissions\(grant\)/g, 'permissions: "inherit"'],
  ],
  "permissions that a process gives up": [[/narrow\(told\.permissions\);/g, ""]],
  "environment of a process": [[/clearEnv: true(?=,\s+detached)/g, "clearEnv: !1"]],
  "closed standard streams": [[/closeStandardStreams\(internals\);/g, ""]],
  "logs of the runtime's own": [[/tameLogs\(internals\);/g, ""]],
  "cut internals": [[/cutInternals\(internals\);/g, ""]],
  "list of Deno": [[/replaceDeno\(realm, \{[^}]*\}\);/g, ""]],
  "calls that look at paths": [
    [/const files = checkedFiles\(deno, \{[^}]*\}\);/g, "const files = () => {};"],
    [/tameFetch\(realm, \{[^}]*\}\);/g, ""],
  ],
  "calls that look at hosts": [
    [/const hosts = hostGuard\(deno, grant\.net\);/g, "const hosts={check(){},refuse(){}};"],
  ],
  "calls that look at names": [
    [/allowed\.env = tamedEnv\(deno, grant\);/g, "allowed.env = deno.env;"],
    [/const figures = checkedSys\(deno, grant\);/g, "const figures = () => {};"],
  ],
  "program that no plugin may write over": [
    [/refuseOwnProgram\(grant, owner\);/g, ""],
  ],
  "files that no plugin may write over": [
    [/await refuseOwnGrant\(granted, \{[^}]*\}\);/g, ""],
  ],
  "folders that may be read where they are written": [
    [/await refuseUnreadFolders\(granted, \{[^}]*\}\);/g, ""],
  ],
  "look for links that lead out": [
    [/const unseen = await refuseLinksOut\(granted, \{[^}]*\}\);/g, "const unseen = [];"],
  ],
  "small process": [[/captured\w*\.loadNode = postponeNode\(realm,/g, "void (realm,"]],
  "constructors that refuse": [[/silenceCodeFromText\(realm\);/g, ""]],
  "objects that cannot be forged": [[/removeForgeable\(\);/g, ""]],
  "keys of RSA that are long enough": [[/refuseShortKeys\(\);/g, ""]],
  "list of globals": [[/removeGlobals\(realm\);/g, ""]],
  "closed prototypes": [[/closePrototypes\(realm\);/g, ""]],
  "timers that are numbers of ours": [[/tameTimers\(realm\);/g, ""]],
  "signals that follow ours": [
    [/const signals = tameSignals\(realm\);/g, "const signals = { keep() {} };"],
  ],
  "pinned internals": [[/pinInternals\(\);/g, ""]],
  "boot's own listeners": [
    [/captured\.hearThrows\(\{/g, "void ({"],
    [/captured\.listen\("error", \{/g, 'void ("error", {'],
    [/apply\w*\(preventDefault, event, \[\]\);/g, ""],
    [/apply\w*\(stopImmediatePropagation, event, \[\]\);/g, ""],
  ],
  "listeners that the runtime does not call": [[
    /tameEvents\(realm, \{\s+own,\s+hear,\s+sockets\s+\}\);/g,
    "",
  ]],
  "messages that the runtime tells to us": [
    [/fix\w*\(this, table, data\);\s+fix\w*\(this, "nodeType", void 0\);/g, ""],
    [/holdEvents\(\);/g, ""],
    [/var afterwards = queueMicrotask;/g, "var afterwards=(f)=>f();"],
  ],
  "rejections that the runtime does not look at": [
    [/core\.setUnhandledPromiseRejectionHandler\(/g, "void ("],
  ],
  "calls that no plugin can replace": [
    [
      /const given = givenAway\(packed\);\s+if \(given === void 0\) captured\.postMessage\(packed\);\s+else captured\.postMessage\(packed, given\);/g,
      "[captured, captured.postMessage, Deno, process, Deno[Deno.internal]?.core].map((a) => a?.postMessage?.(packed));",
    ],
  ],
  "texts in the place of objects": [
    [/const packed = packMessage\(message\);/g, "const packed = message;"],
    [/message = unpackMessage\(data\);/g, "message = data;"],
  ],
  "wrapped namespace": [
    [/return \{\s+namespace: entry\.namespace\s+\};/g, "return {namespace: await entry.namespace}"],
  ],
  "console of the plugin": [
    [/globalThis\.console = pluginConsole\(log\(0\), captured\.inspect\);/g, ""],
  ],
  "checks of tuples": [
    [/validate: true(?=\s+\})/g, "validate: !1"],
    [/if \(text === (?:undefined|void 0) \|\| text\.length > most\) \{/g, "if (false) {"],
  ],
  "names in the log": [
    [/const prefix = this\.#name === "" \? "" : `\$\{this\.#name\}: `;/g, 'const prefix = "";'],
  ],
  "locked listeners": [[/captured\.lockListeners\(\[/g, "void (["]],
  "one load of an isolate": [[/if \(asked\) return;/g, ""]],
  "folder of the plugin": [[/!href\.startsWith\(policy\.root\)/g, "false"]],
  "real folder of the plugin": [[/!realUrl\.startsWith\(this\.#realRoot\)/g, "false"]],
  "list of node: modules": [[/policy\.allowedNodeModules\.includes\(specifier\)/g, "true"]],
  "table of node: modules": [
    [
      /const native = Object\.hasOwn\(NATIVES, name\) \? NATIVES\[name\] : void 0;/g,
      "const native = () => import(name);",
    ],
  ],
  "guard in the place of import()": [[
    /this\.#edit\(start, dynamic\.argument, text\);/g,
    'this.#edit(start, start, "");',
  ], [/of scan\.metas\)/g, "of [])"]],
  "words that no linked text has": [
    [/const match = WORD\.exec\(text\);/g, "const match = null;"],
    [/for \(const match of text\.matchAll\(WORDS\)\) found\.push\(match\.index\);/g, ""],
  ],
  "no code from text": [[/"--disallow-code-generation-from-strings",/g, ""]],
  "fence in the module loader": [[/\\"file:\/\/\/\\"(?=: \\"refused)/g, '\\"nowhere\\"']],
  "permissions of the executable": [
    [/"allow_run":(?:null|\[[^\]]+\])/g, '"allow_run":[]'],
    [/"allow_write":(?:null|\[[^\]]+\])/g, '"allow_write":[]'],
    [/"allow_import":\[[^\]]+\]/g, '"allow_import":[]'],
    [/"allow_sys":null/g, '"allow_sys":[]'],
    [/"allow_ffi":null/g, '"allow_ffi":[]'],
  ],
};

/** A weakened executable is not asked to wait long for a plugin that ended itself. */
const IMPATIENCE: readonly Edit[] = [[/heartbeatMs \?\? 1e4/g, "heartbeatMs ?? 500"]];

/** The names of the defences. */
export const DEFENCES: readonly string[] = Object.keys(EDITS);

/**
 * Copy the executable `from` to `to` without `defences`.
 *
 * @throws KuiperError `usage` for a name that is no defence's, `internal` where the executable reads otherwise.
 */
export async function weaken(
  from: string,
  to: string,
  defences: readonly string[] = DEFENCES,
): Promise<void> {
  using original = await Deno.open(from);
  const header = new Uint8Array(ELF_HEADER_BYTES);
  await original.read(header);
  const start = elfLength(header);
  if (start === undefined) throw fail("internal", `Cannot weaken ${from}: it is no ELF file`);
  // The runtime itself has no text of ours.
  const program = Buffer.alloc((await original.stat()).size - start);
  await original.seek(start, Deno.SeekMode.Start);
  for (let at = 0; at < program.length;) {
    at += await original.read(program.subarray(at)) ?? program.length;
  }
  // One character for each byte, whatever it stands for.
  let text = program.toString("latin1");
  for (const defence of defences) {
    const edits = EDITS[defence];
    if (edits === undefined) {
      throw fail("usage", `There is no defence "${defence}": expected ${oneOf(DEFENCES)}`);
    }
    text = edited(text, edits);
  }
  const changed = Buffer.from(edited(text, IMPATIENCE), "latin1");
  await Deno.copyFile(from, to);
  using copy = await Deno.open(to, { write: true });
  await copy.seek(start, Deno.SeekMode.Start);
  for (let at = 0; at < changed.length;) at += await copy.write(changed.subarray(at));
}

function edited(text: string, edits: readonly Edit[]): string {
  for (const [from, to] of edits) {
    let isThere = false;
    text = text.replaceAll(from, (found) => {
      isThere = true;
      if (to.length > found.length) throw fail("internal", `Cannot write "${to}" over "${found}"`);
      return to.padEnd(found.length);
    });
    if (!isThere) {
      throw fail("internal", `Cannot weaken: ${from} matches nowhere, adapt weaken.ts`);
    }
  }
  return text;
}

if (import.meta.main) {
  const [from, to, ...defences] = Deno.args;
  try {
    if (from === undefined || to === undefined) {
      throw fail(
        "usage",
        "Say what is weakened and where it goes: weaken.ts dist/kuiper dist/weak",
      );
    }
    await weaken(from, to, defences.length === 0 ? DEFENCES : defences);
  } catch (error) {
    console.error(messageOf(error));
    Deno.exitCode = 1;
  }
}
