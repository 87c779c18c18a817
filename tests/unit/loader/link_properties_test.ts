import { assert } from "@std/assert";
import fc from "fast-check";
import { FORBIDDEN_WORDS } from "../../../src/loader/forbidden_words.ts";
import { LINKED_HEADER } from "../../../src/loader/linked_text.ts";
import { type Files, linkFiles } from "./linking.ts";
import { assertTwins } from "./native_twin.ts";

// -- Graphs --

/** One step of a module that depends on others; `to` is taken modulo the number of modules. */
interface Step {
  readonly kind:
    | "named"
    | "namespace"
    | "default"
    | "effect"
    | "star"
    | "starAs"
    | "reexport"
    | "exportImported"
    | "dynamic";
  readonly to: number;
  /** Which of the target's names. */
  readonly name: number;
}

interface Plan {
  readonly steps: readonly Step[];
  readonly hasDefault: "none" | "function" | "class" | "value";
  readonly awaits: boolean;
  readonly throws: boolean;
}

const step = fc.record<Step>({
  kind: fc.constantFrom(
    "named",
    "named",
    "named",
    "namespace",
    "default",
    "effect",
    "star",
    "starAs",
    "reexport",
    "exportImported",
    "dynamic",
  ),
  to: fc.nat(5),
  name: fc.nat(3),
});

const plan = fc.record<Plan>({
  steps: fc.array(step, { maxLength: 4 }),
  hasDefault: fc.constantFrom("none", "function", "class", "value"),
  awaits: fc.nat(3).map((n) => n === 0),
  throws: fc.nat(19).map((n) => n === 0),
});

/** Names that a module may be asked for; all but the last it declares itself. */
const NAMES = ["value", "bump", "own", "shared"];

/** Names of a module's own are `value`, `bump` and `ownN`; `shared` comes from the first module alone, through stars. */
function moduleText(index: number, { plans }: { plans: readonly Plan[] }): string {
  const { steps, hasDefault, awaits } = plans[index]!;
  // V8 itself fails an assertion when an asynchronous module of a cycle throws.
  const throws = plans[index]!.throws && plans.every((plan) => !plan.awaits);
  const lines = [`log("start ${index}");`];
  const exported = new Set(["value", "bump", `own${index}`]);
  // What is wrong behind a dynamic import the linker finds at once, the language only when it comes there.
  const isSafe = plans.some((plan) => plan.steps.some((step) => step.kind === "dynamic"));
  for (const [number, step] of steps.entries()) {
    const kind = isSafe && step.kind === "default" ? "named" : step.kind;
    const target = step.to % plans.length;
    const from = `"./m${target}.js"`;
    const name = NAMES[isSafe ? step.name % 3 : step.name]!;
    const asked = name === "own" ? `own${target}` : name;
    const local = `i${number}`;
    const read = `log("${index} reads", "${asked} of ${target}", probe(() => ${local}));`;
    switch (kind) {
      case "named":
        lines.push(`import { ${asked} as ${local} } from ${from};`, read);
        if (asked === "bump") lines.push(`log(probe(() => ${local}()));`);
        break;
      case "namespace":
        lines.push(
          `import * as ${local} from ${from};`,
          `log("names", Reflect.ownKeys(${local}).length, probe(() => ${local}.value), probe(() => ${local}.shared));`,
        );
        break;
      case "default":
        lines.push(`import ${local} from ${from};`, `log(probe(() => ${local}.name));`);
        break;
      case "effect":
        lines.push(`import ${from};`);
        break;
      case "star":
        lines.push(`export * from ${from};`);
        break;
      case "starAs":
      case "reexport":
      case "exportImported": {
        const name = `${kind}${index}_${number}`;
        exported.add(name);
        lines.push(
          kind === "starAs"
            ? `export * as ${name} from ${from};`
            : kind === "reexport"
            ? `export { ${asked} as ${name} } from ${from};`
            : `import { ${asked} as ${local} } from ${from}; export { ${local} as ${name} };`,
        );
        break;
      }
      case "dynamic":
        lines.push(
          `later(() => import(${from}).then((ns) => log("later ${index}", Object.keys(ns))));`,
        );
        break;
    }
  }
  lines.push(`export let value = ${index}; export function bump() { return ++value; }`);
  lines.push(`export const own${index} = "own ${index}"; bump();`);
  if (index === 0) lines.push(`export const shared = "shared";`);
  if (hasDefault === "function") lines.push(`export default function () { return this; }`);
  if (hasDefault === "class") lines.push(`export default class {}`);
  if (hasDefault === "value") lines.push(`export default { name: "value ${index}" }`);
  if (awaits) lines.push(`await null; log("awaited ${index}");`);
  if (throws) lines.push(`throw "thrown by ${index}";`);
  lines.push(`log("end ${index}");`);
  return lines.join("\n");
}

Deno.test("link() and instantiate() do with any graph what the language does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 6 }), async (plans) => {
      const files: Record<string, string> = {};
      for (const index of plans.keys()) files[`m${index}.js`] = moduleText(index, { plans });
      await assertTwins(files);
    }),
    { numRuns: 60 },
  );
});

// -- The invariant --

const WORD = fc.constantFrom(...FORBIDDEN_WORDS, "exports", "important", "reexport_", "i", "x");

/** Statements in which a word stands as every kind of token; each logs something. */
const STATEMENTS: readonly ((word: string, other: string) => string)[] = [
  (w, o) => `log("${w} ${o}", '${w}\\'${o}', \`${w}\${"${o}"}${w}\\\`\`);`,
  (w, o) => `// ${w} ${o}\n/* ${w}(\n"${o}") */ log(1);`,
  (w, o) => `log({ ${w}: 1, "${o}": 2, [\`${w}\${1}\`]: 3 }.${w});`,
  (w, o) =>
    `log(/${w}[${o}]\\/(?<${o}_>${w})?/.exec("${w}x${o}")?.groups?.${o}_, /\\/${w}/.test("/${w}"));`,
  (w, o) =>
    `log(String.raw\`${w}\\n\${"${o}"}${o}\`, ((s, v) => s.raw.join(v))\`\${1}${w}\\u0061\${2}\`);`,
  (w, o) =>
    `log(new class { #${w} = 1; ${o} = 2; ${w}() { return this.#${w} + this.${o}; } }().${o});`,
  (w, o) =>
    `{ const ${w}_ = 1, { ${o}: b, ${w} = 5 === 5 } = { ${o}: ${w}_ }; log(b); }`.replace(
      `, ${w} = 5 === 5`,
      "",
    ),
  (w, o) => `${w}_: for (const a of [1]) { log(a, "${o}"); continue ${w}_; }`,
  (w, o) => `log(typeof ({ get ${w}() { return 1; }, async *${o}() {} })?.${w}, (() => {}).${o});`,
  (w, o) =>
    `log(1 /2/ 1, "${w}".length /1/ 1, [/${o}/g][0].flags, ((a) => a\n)\n(/* ${w} */"${o}"));`,
  (w, o) => `log("\\x0export".length, "\\u000exports".length, "${w}\\\n${o}");`,
  (w, o) => `try { throw { ${w}: "${o}" }; } catch ({ ${w}: caught }) { log(caught); }`,
];

const program = fc.array(
  fc.tuple(fc.constantFrom(...STATEMENTS), WORD, WORD),
  { minLength: 1, maxLength: 8 },
).map((parts) => parts.map(([statement, word, other]) => statement(word, other)).join("\n"));

Deno.test("link() leaves none of the words and the meaning of any program", async () => {
  await fc.assert(
    fc.asyncProperty(program, async (text) => {
      const files: Files = { "a.js": text };
      const linked = (await linkFiles(files)).text.slice(LINKED_HEADER.length);
      for (const word of FORBIDDEN_WORDS) assert(!linked.includes(word), linked);
      await assertTwins(files);
    }),
    { numRuns: 60 },
  );
});
