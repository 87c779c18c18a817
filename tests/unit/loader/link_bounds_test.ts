// What a stranger's text may cost the engine's own thread while it is linked: work that grows with its length, and not
// with the square of it. The texts are so long that the square would take minutes or hours.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { endOfTurn, KuiperError } from "../../../src/core/mod.ts";
import { AuthorPlaces } from "../../../src/loader/author_places.ts";
import {
  GraphBudget,
  MAX_GRAPH_CALLS,
  MAX_GRAPH_PARTS,
  MAX_KEPT_PARTS,
} from "../../../src/loader/graph_budget.ts";
import { graphOf, linkFiles, memoryReader, run } from "./linking.ts";
import type { Files } from "./linking.ts";

/** Enough for a busy machine; each of the texts is linked in a second or two. */
const DEADLINE_MS = 20_000;

async function inTime<T>(work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  assert(ms < DEADLINE_MS, `took ${Math.round(ms)} ms`);
  return result;
}

function refusal(files: Files): Promise<string> {
  return refusalOf(() => linkFiles(files));
}

function graphRefusal(files: Files, options?: Parameters<typeof graphOf>[1]): Promise<string> {
  return refusalOf(() => graphOf(files, options));
}

async function refusalOf(work: () => Promise<unknown>): Promise<string> {
  const error = await inTime(() => assertRejects(work, KuiperError));
  assertEquals(error.code, "module");
  return error.message;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("AuthorPlaces looks for the lines of a text once", () => {
  const text = "let a;\n".repeat(1000);
  let looks = 0;
  const counted = {
    length: text.length,
    charCodeAt: (at: number) => (looks++, text.charCodeAt(at)),
  } as unknown as string;
  const places = new AuthorPlaces(counted, { source: text });
  for (const line of numbers(1000)) {
    assertEquals(places.placeOf(7 * line + 4), { line: line + 1, column: 5 });
  }
  assert(looks <= 2 * text.length, `${looks} looks at ${text.length} letters`);
});

// -- Long texts --

const LONG: Readonly<Record<string, Files>> = {
  "imports of one module": {
    "a.ts": 'import "./b.ts";\n'.repeat(200_000),
    "b.ts": "",
  },
  "imports in TypeScript whose lines have moved": {
    "a.ts": `enum E { A }\n${'import "./b.ts";\n'.repeat(50_000)}export const a = E.A;`,
    "b.ts": "",
  },
  "names of one export of the isolate": {
    "a.js": numbers(100_000).map((i) => `import { channel as a${i} } from "kuiper"; a${i};\n`).join(
      "",
    ),
  },
  "names that linking might add": {
    "a.js": `var $k, ${numbers(300_000).map((i) => `$k${i}_`).join(", ")};`,
  },
  "members called import behind comments": { "a.js": "/**/o.import;\n".repeat(150_000) },
  "declarations": { "a.js": `let ${numbers(400_000).map((i) => `a${i}`).join(", ")};` },
  "uses of an import in deep blocks": {
    "a.js": `import { a } from "./b.js";\n${"{".repeat(500)}${"a;".repeat(300_000)}${
      "}".repeat(500)
    }`,
    "b.js": "export const a = 1;",
  },
  "variables in deep blocks": {
    "a.js": `${"{".repeat(500)}${"var a;".repeat(200_000)}${"}".repeat(500)}`,
  },
};
for (const [what, files] of Object.entries(LONG)) {
  Deno.test(`link() takes many ${what}`, async () => {
    await inTime(() => linkFiles(files));
  });
}

Deno.test("link() does not search long names for one that is alike", async () => {
  const message = await refusal({
    "a.js": `import { ${"a".repeat(200_000)} } from "./b.js";`,
    "b.js": `export const ${"b".repeat(200_000)} = 1;`,
  });
  assertStringIncludes(message, "has no export");
  assert(message.length < 1000, `a sentence of ${message.length} letters`);
});

// -- What is refused --

Deno.test("link() refuses a module of too many parts before they fill the memory", async () => {
  assertEquals(
    await refusal({ "a.js": "a;".repeat(1_000_000) }),
    'Cannot load "plugins/sources/a.js": it has more than 1,000,000 names, operators and comments; divide it into several files',
  );
  assertStringIncludes(await refusal({ "a.js": "/**/".repeat(1_000_001) }), "1,000,000");
});

const DEEP: Readonly<Record<string, string>> = {
  "different variables in deep blocks": `${"{".repeat(500)}${
    numbers(100_000).map((i) => `var a${i};`).join("")
  }${"}".repeat(500)}`,
  "private names through many classes": `${"class A { static x = ".repeat(200)}function () {${
    "this.#a;".repeat(100_000)
  }}${"}".repeat(200)}`,
  "jumps out of many labels": `${numbers(300).map((i) => `l${i}: `).join("")}{${
    "break l0;".repeat(100_000)
  }}`,
  "groups of one name": `/${numbers(50_000).map(() => "(?<a>)").join("|")}/`,
  "names in patterns in patterns": `let a; ${"[".repeat(200)}${"a,".repeat(100_000)}${
    "]=1".repeat(200)
  };`,
};
for (const [what, code] of Object.entries(DEEP)) {
  Deno.test(`link() refuses ${what}`, async () => {
    assertEquals(
      await refusal({ "a.js": code }),
      'Cannot load "plugins/sources/a.js": its names take too many steps to be checked; nest its declarations, classes and labels less',
    );
  });
}

Deno.test("link() refuses namespaces with too many names together", async () => {
  // Each of forty modules passes on the names of all and holds the namespace of the next one.
  const ring = numbers(40).map((i) => {
    const next = `./m${(i + 1) % 40}.js`;
    const names = numbers(1000).map((j) => `e${i}_${j} = 0`).join(", ");
    const code = `export * from "${next}"; import * as n from "${next}"; globalThis.x = n;
      export const ${names};`;
    return [`m${i}.js`, code] as const;
  });
  assertEquals(
    await refusal(Object.fromEntries(ring)),
    'Cannot load "plugins/sources/m0.js": the namespaces that it holds have more than 250,000 names together; import by name instead of "* as"',
  );
});

Deno.test("link() refuses exports that are passed on by too many ways", async () => {
  const files: Record<string, string> = { "a.js": 'import "./s0.js";' };
  const SIZE = 1000;
  for (const i of numbers(SIZE)) {
    files[`s${i}.js`] = `export * from "./s${(i + 1) % SIZE}.js"; export const e${i} = 0;
      import { ${numbers(100).map((j) => `e${j} as x${j}`).join(", ")} } from "./s${
      (i + 100) % SIZE
    }.js";
      x0;`;
  }
  assertEquals(
    await refusal(files),
    'Cannot load "plugins/sources/a.js": finding what its exports stand for takes too many steps; pass them on by name instead of "export *"',
  );
});

Deno.test("link() refuses an export that is passed on through too many modules", async () => {
  const chain = (length: number) => {
    const files: Record<string, string> = { "a.js": 'export { a } from "./m0.js";' };
    for (const i of numbers(length)) files[`m${i}.js`] = `export { a } from "./m${i + 1}.js";`;
    return { ...files, [`m${length}.js`]: "export const a = 1;" };
  };
  const sentence =
    'Cannot load "plugins/sources/a.js": an export is passed on more than 1,000 times before a module declares it; import it from there';
  assertEquals(await refusal(chain(9000)), sentence);
  const names = numbers(100_000).map((i) => `export { x${i + 1} as x${i} } from "./a.js";`);
  assertEquals(await refusal({ "a.js": names.join("") }), sentence);
  assertEquals((await inTime(() => run(chain(990))))["a"], 1);
});

Deno.test("link() follows each of a module's stars once", async () => {
  const SIZE = 1000;
  const files: Record<string, string> = {
    "a.js": numbers(SIZE).map((i) => `import * as m${i} from "./m${i}.js"; m${i};`).join(""),
    "b.js": "export const b = 1;",
    "stars.js": 'export * from "./b.js";'.repeat(200_000),
  };
  for (const i of numbers(SIZE)) files[`m${i}.js`] = 'export * from "./stars.js";';
  await inTime(() => linkFiles(files));
});

Deno.test("link() refuses stars that lead to each other by too many ways", async () => {
  const SIZE = 300;
  const stars = numbers(SIZE).map((i) => `export * from "./m${i}.js";`).join("");
  const files: Record<string, string> = {
    "a.js": numbers(SIZE).map((i) => `import * as m${i} from "./m${i}.js"; m${i};`).join(""),
  };
  for (const i of numbers(SIZE)) files[`m${i}.js`] = stars;
  assertStringIncludes(await refusal(files), "finding what its exports stand for takes too many");
});

Deno.test("link() refuses too many words that it has to break", async () => {
  assertEquals(
    await refusal({ "a.js": `"${"import".repeat(3_000_001)}";` }),
    'Cannot load "plugins/sources/a.js": linking changes more than 3,000,000 places of its modules: ' +
      'comments, uses of imports, and the words "import" and "export" wherever they stand; leave some out',
  );
});

Deno.test("link() finds once what two ways lead to", async () => {
  const files: Record<string, string> = { "a.js": 'export { a } from "./m0.js";' };
  const DEPTH = 60;
  for (const i of numbers(DEPTH)) {
    files[`m${i}.js`] = `export * from "./x${i}.js"; export * from "./y${i}.js";`;
    for (const side of ["x", "y"]) {
      files[`${side}${i}.js`] = `export { a } from "./m${i + 1}.js";`;
    }
  }
  files[`m${DEPTH}.js`] = "export const a = 1;";
  assertEquals((await inTime(() => run(files)))["a"], 1);
});

Deno.test("link() refuses a text that becomes too long", async () => {
  const name = "a".repeat(50_000);
  const sentence =
    'Cannot load "plugins/sources/a.js": its modules linked have more than 48 MiB; leave some out';
  assertEquals(
    await refusal({
      "a.js": `import { ${name} as b } from "./b.js";\n${"b;".repeat(5000)}`,
      "b.js": `export const ${name} = 1;`,
    }),
    sentence,
  );
  assertEquals(
    await refusal({
      "a.js": `import { ${name} as c } from "kuiper"; export { ${
        numbers(5000).map((i) => `c as b${i}`).join(", ")
      } };`,
    }),
    sentence,
  );
});

Deno.test("readGraph() refuses modules of which too much is kept", async () => {
  const files: Record<string, string> = {
    "a.js": numbers(3).map((i) => `import "./m${i}.js";`).join(""),
  };
  for (const i of numbers(3)) files[`m${i}.js`] = "/**/".repeat(700_000);
  assertEquals(
    await graphRefusal(files),
    'Cannot load "plugins/sources/a.js": its modules have more than 2,000,000 comments, imports, exports and uses of imports; leave some out',
  );
});

Deno.test("readGraph() refuses modules of too many parts together", async () => {
  const budget = new GraphBudget("plugins/sources/a.js");
  budget.takeParts(MAX_GRAPH_PARTS - 600_000);
  const code = "a;".repeat(200_000);
  const files = { "a.js": 'import "./b.js"; import "./c.js";', "b.js": code };
  assertEquals(
    await graphRefusal({ ...files, "c.js": code }, { budget }),
    'Cannot load "plugins/sources/a.js": its modules have more than 10,000,000 names, operators and comments; leave some out',
  );
});

Deno.test("readGraph() refuses modules whose types take too many steps together", async () => {
  const budget = new GraphBudget("plugins/sources/a.ts");
  budget.takeCalls(MAX_GRAPH_CALLS - 200_000);
  // Types only go from one, the other is transformed after that was tried.
  const stripped = "let a: number = 1;\n".repeat(1000);
  assertEquals(
    await graphRefusal({ "a.ts": 'import "./b.ts";', "b.ts": `enum E { A } ${stripped}` }, {
      budget,
    }),
    'Cannot load "plugins/sources/a.ts": the types of its modules take too many steps to be taken away; give them as JavaScript',
  );
});

Deno.test("readGraph() gives way to others while it reads what waits for nothing", async () => {
  const files = Object.fromEntries(numbers(10).map((i) => [`m${i}.js`, "a;".repeat(100_000)]));
  const entry = Object.keys(files).map((name) => `import "./${name}";`).join("");
  const all = { "a.js": entry, ...files };
  // As it is when it was read ahead.
  const { read } = memoryReader(all);
  const reader = { read: async (url: string) => ({ ...await read(url), sha256: "" }) };
  // The parser is loaded, and that is waited for.
  await graphOf({ "a.js": "" });
  let turns = 0;
  let hasEnded = false;
  const count = () => {
    turns++;
    if (!hasEnded) endOfTurn(count);
  };
  endOfTurn(count);
  await graphOf(all, { reader });
  hasEnded = true;
  assert(turns > 2, `${turns} turns`);
});

Deno.test("readGraph() keeps nothing of a template that a tag is called with", async () => {
  const code = `x\`\${()=>{${"a;".repeat(100_000)}}}\`; x\`import\${a}\`;`;
  const { modules } = await inTime(() => graphOf({ "a.js": code }));
  const kept = modules[0]!.scan.taggedTemplates;
  assertEquals(kept.map(({ quasis }) => quasis.map(({ raw }) => raw)), [["import", ""]]);
  assert(JSON.stringify(kept).length < 1000);
  const many = "x`import${a}`;".repeat(100_000);
  const files = { "a.js": 'import "./b.js"; import "./c.js";', "b.js": many, "c.js": many };
  const budget = new GraphBudget("plugins/sources/a.js");
  budget.takeKept(MAX_KEPT_PARTS - 300_000);
  assertStringIncludes(
    await graphRefusal(files, { budget }),
    "comments, imports, exports and uses",
  );
});

const NOWHERE: Readonly<Record<string, (i: number) => string>> = {
  "files that are not there": (i) => `./q${i}.js`,
  "names without an extension": () => "./q",
  "packages": (i) => `q${i}`,
};
for (const [what, specifier] of Object.entries(NOWHERE)) {
  Deno.test(`readGraph() refuses more than a thousand imports of ${what}`, async () => {
    let looks = 0;
    const siblings = () => (looks++, Promise.resolve([]));
    const code = (count: number) =>
      numbers(count).map((i) => `() => import("${specifier(i)}");`).join("");
    assertEquals(
      await graphRefusal({ "a.js": code(100_000) }, { reader: { siblings } }),
      'Cannot load "plugins/sources/a.js": more than 1,000 of its imports lead nowhere; leave some out',
    );
    assert(looks <= 20, `${looks} looks around`);
    await inTime(() => linkFiles({ "a.js": code(1000) }));
  });
}

Deno.test("readGraph() refuses enums whose texts double each other", async () => {
  const doubled = (times: number) => {
    const members = numbers(times).map((i) => `a${i + 1} = a${i} + a${i},`).join("");
    return `enum A { a0 = "xxxxxxxx", ${members} }`;
  };
  assertEquals(
    await graphRefusal({ "a.ts": doubled(21) }),
    'Cannot load "plugins/sources/a.ts": its JavaScript is more than 16 times as long as its TypeScript; give it as JavaScript',
  );
  const allowed = `enum A { ${numbers(2000).map((i) => `a${i},`).join("")} }`;
  await inTime(() => linkFiles({ "a.ts": allowed }));
});

Deno.test("readGraph() counts what becomes of all modules", async () => {
  // Each of 2 KB becomes 66 KB, which alone is allowed.
  const members = numbers(11).map((i) => `a${i + 1} = a${i} + a${i},`).join("");
  const code = `enum A { a0 = "xxxxxxxxxxxxxxxx", ${members} } /*${"x".repeat(1500)}*/`;
  const COUNT = 2000;
  const files: Record<string, string> = {
    "a.ts": numbers(COUNT).map((i) => `import "./m${i}.ts";`).join(""),
  };
  for (const i of numbers(COUNT)) files[`m${i}.ts`] = code;
  assertEquals(
    await graphRefusal(files),
    'Cannot load "plugins/sources/a.ts": its modules as JavaScript have more than 64 MiB; leave some out',
  );
});

Deno.test("link() refuses long names that are passed on by many ways", async () => {
  const name = `"${"\u0001".repeat(5000)}"`;
  const SIZE = 1000;
  const files: Record<string, string> = {
    "a.js": `${numbers(SIZE).map((i) => `import * as r${i} from "./r${i}.js"; r${i};`).join("\n")}`,
    "base.js": `const a = 1; export { a as ${name} };`,
    "all.js": numbers(SIZE).map((i) => `export * from "./m${i}.js";`).join("\n"),
  };
  for (const i of numbers(SIZE)) {
    files[`m${i}.js`] = `export { ${name} } from "./base.js";`;
    files[`r${i}.js`] = 'export * from "./all.js";';
  }
  assertStringIncludes(await refusal(files), "finding what its exports stand for takes too many");
});

Deno.test("link() makes no regular expression of what it only looks at", async () => {
  // The engine of the language reads some thousand texts for each of these.
  const code = `export const all = 1; function never() { return /[${
    "\\p{RGI_Emoji}".repeat(16_000)
  }]/v; }`;
  const linked = await inTime(() => linkFiles({ "a.js": code }));
  assertStringIncludes(linked.text, "RGI_Emoji");
  assertStringIncludes(await refusal({ "a.js": "/(/v" }), "Invalid regular expression");
  assertStringIncludes(await refusal({ "a.js": "/a/vu" }), "Invalid regular expression flag");
});

for (const file of ["a.js", "a.ts"]) {
  Deno.test(`link() refuses a whole number of a million digits in ${file}`, async () => {
    assertEquals(
      await refusal({ [file]: `export const a = ${"9".repeat(1_000_000)}n;` }),
      `Cannot load "plugins/sources/${file}": it has a whole number of more than 10,000 digits; ` +
        "make it of a text when the code runs",
    );
    const allowed = `export const a = ${"9".repeat(10_000)}n + 0x${"f_".repeat(4999)}fn;`;
    await inTime(() => linkFiles({ [file]: allowed }));
  });
}
