import { assert, assertEquals, assertMatch } from "@std/assert";
import { KuiperError } from "../../src/core/mod.ts";
import { linkText } from "../unit/loader/_plugin.ts";
import { harm, road, SECRET } from "./_venue.ts";

/**
 * Statements that V8 and a parser may read differently: what looks like a regular expression, a comment or a piece of a
 * template to one is a call of `import` to the other. `J` is a file whose code leaves the secret on the realm, and `no` hears of a refusal.
 */
const CONFUSIONS: Readonly<Record<string, string>> = {
  optionalReturn: "o?.return\n/import(J).catch(no)/g;",
  optionalTypeof: "o?.typeof\n/import(J).catch(no)/g;",
  memberReturn: "o.return\n/import(J).catch(no)/g;",
  privateReturn:
    "class A { #return = 1; m() { return this.#return\n/import(J).catch(no)/g; } } new A().m();",
  awaitClass: "await class {}\n/import(J).catch(no)/g;",
  typeofClass: "typeof class {}\n/import(J).catch(no)/g;",
  classValue: "let c = class {}\n/import(J).catch(no)/g;",
  functionValue: "let f = function () {}\n/import(J).catch(no)/g;",
  objectValue: "let v = {}\n/import(J).catch(no)/g;",
  arrayValue: "let w = [1]\n/import(J).catch(no)/g;",
  increment: "g++\n/import(J).catch(no)/g;",
  decrement: "g--/import(J).catch(no)/g;",
  template: "`a`/import(J).catch(no)/g;",
  templateDepth: "`${`}`/import(J).catch(no)/g}`;",
  templateBrace: "`${{ a: import(J).catch(no) }.a}`;",
  templateRegExp: "`${/`/.source + import(J).catch(no)}`;",
  regExpClass: "/[/]\\/*/.source; import(J).catch(no); /*/ */",
  regExpQuote: `/"/.source; import(J).catch(no); /"/;`,
  stringSlash: `"/*"; import(J).catch(no); "*/";`,
  ofKeyword: "for (const x of /import(J).catch(no)/g.source) { void x; } import(J).catch(no);",
  yieldName: "{ const of = 4; of\n/import(J).catch(no)/g; }",
  asyncName: "{ const async = 4; async\n/import(J).catch(no)/g; }",
  getName: "{ const get = 4; get\n/import(J).catch(no)/g; }",
  thisValue: "this\n/import(J).catch(no)/g;",
  parenthesis: "(g)\n/import(J).catch(no)/g;",
  ifParenthesis: "if (g) /import(J).catch(no)/g.test(''); import(J).catch(no);",
  doWhile: "do {} while (false) import(J).catch(no);",
  arrowBody: "(() => {})\n;[import(J).catch(no)];",
  label: "a: import(J).catch(no);",
  htmlComment: "let z = 1; void z<!--import(J).catch(no)\n;",
  lineSeparator: "//\u2028import(J).catch(no);",
  carriageReturn: "//\rimport(J).catch(no);",
  hashbang: "void 0; // #!\nimport(J).catch(no);",
  spaced: "import\t\v\f\u00a0\ufeff\u2003\n(J).catch(no);",
  comments: "import/*\n*//**/(J).catch(no);",
  lineComment: "import // a\n(J).catch(no);",
  withOptions: "import(J, { with: {} }).catch(no);",
  trailingComma: "import(J,).catch(no);",
  inDefault: "((a = import(J).catch(no)) => a)();",
  inComputed: "({ [import(J).catch(no)]: 1 });",
  inClassField: "new (class { a = import(J).catch(no); })();",
  inStatic: "class S { static { import(J).catch(no); } } void S;",
  inDecoratorLike: "class D extends (import(J).catch(no), Object) {} void D;",
  inTagged: "String.raw`${import(J).catch(no)}`;",
  inOptional: "o?.[import(J).catch(no)];",
  inCondition: "g ? import(J).catch(no) : 1;",
  inNullish: "undefined ?? import(J).catch(no);",
  inSpread: "(() => 1)(...[import(J).catch(no)]);",
  inSequence: "(0, import(J).catch(no));",
  inNew: "new Promise(() => import(J).catch(no));",
  deferred: "import.defer(J).catch(no);",
  source: "import.source(J).catch(no);",
  escaped: "\\u0069mport(J).catch(no);",
  metaResolve: "import(import.meta.resolve(J));",
};

/** Nothing that the runtime's loader could be called with is left in the text. */
const IMPORTS = /\bimport\b/;

/** What V8 says of an escape in a keyword, and what the runtimes that look before it say. */
const BROKEN = /SyntaxError|could not be parsed|must not contain escaped characters/;

type Fate = "refused by the linker" | "refused by V8" | "linked";

/** What becomes of a text. Importing what was linked only declares it. */
async function fateOf(name: string, code: string): Promise<Fate> {
  let text: string;
  try {
    ({ text } = await linkText(bodyOf(name, code) + "\nexport default [];", `${name}.js`));
  } catch (error) {
    assert(error instanceof KuiperError, `${name}: ${error}`);
    return "refused by the linker";
  }
  assertEquals(IMPORTS.test(text), false, name);
  try {
    await import(`data:text/javascript,${encodeURIComponent(text)}`);
    return "linked";
  } catch (error) {
    // The runtime looks at the text as well, and first.
    assert(BROKEN.test(String(error)), `${name}: ${error}`);
    return "refused by V8";
  }
}

const fates = new Map<string, Fate>();
for (const [name, code] of Object.entries(CONFUSIONS)) fates.set(name, await fateOf(name, code));
const thoseThatAre = (fate: Fate) => [...fates.keys()].filter((name) => fates.get(name) === fate);
const linked = thoseThatAre("linked");

function bodyOf(name: string, code: string): string {
  return `const run_${name} = async (J) => { const o = {}; let g = 1; const no = () => {}; void [o, g, no]; ${code} };`;
}

Deno.test("Of what parsers read differently most is linked, and V8 refuses what hid an import from the linker", () => {
  // Refusing all would prove nothing.
  assert(linked.length >= 30, linked.join());
  // Here the linker took a call for a regular expression: what it wrote for that is no keyword.
  assert(thoseThatAre("refused by V8").includes("optionalReturn"));
  assert(thoseThatAre("refused by the linker").includes("deferred"));
});

for (const name of thoseThatAre("refused by V8")) {
  harm(`An import hidden from the linker by ${name} does not run`, {
    body: `const J: any = "data:text/javascript,console.error('${SECRET}')"; const o: any = {};
      let g: any = 1; const no = () => {}; void [o, g, no]; ${CONFUSIONS[name]}
      await new Promise((done) => setTimeout(done, 20));`,
    check: ({ code, stdout, stderr }) => {
      assertEquals(code, 1, stderr);
      assertEquals(stdout, "");
      // The sentence may quote the line that V8 or the transpiler refused, which has the address in it.
      assertMatch(stderr, BROKEN);
    },
  });
}

road("What parsers read differently reaches no module loader", {
  head: linked.map((name) =>
    bodyOf(name, CONFUSIONS[name]!).replace("(J)", "(J: any)")
      .replace("o = {}", "o: any = {}").replace("let g = 1", "let g: any = 1")
  ).join("\n"),
  attempts: Object.fromEntries(
    linked.map((name) => [
      name,
      `(delete (globalThis as any).leak, await run_${name}("file://" + props.leak + "?${name}").catch(() => {}),
        await new Promise((done) => setTimeout(() => done((globalThis as any).leak), 20)))`,
    ]),
  ),
  async scene(folder) {
    const leak = `${folder}/leak.js`;
    await Deno.writeTextFile(leak, `globalThis.leak = "${SECRET}";\n`);
    return { props: { leak }, [Symbol.asyncDispose]: () => Promise.resolve() };
  },
});
