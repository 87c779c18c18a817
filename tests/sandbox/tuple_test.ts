import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { harm } from "./_venue.ts";

/** It is no tuple: one sentence, and the end of the stream. */
const refused = (why: RegExp) => ({ code, stderr }: { code: number; stderr: string }) => {
  assertEquals(code, 1, stderr);
  assertMatch(stderr, why);
};

/** Why these do no harm without the sandbox either. */
const TEXT = "rows cross as text, in which a name is a name and nothing has a prototype";
const WRITING =
  "what writes the rows as text fails for it, too, and the error ends the same stream";

harm("A field called __proto__ is a field", {
  harmless: TEXT,
  body: `yield { message: JSON.parse('{"__proto__":{"polluted":1},"a":1}') };
    yield { message: { b: ({} as any).polluted ?? "clean" } };`,
  check: ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, '"a":1');
    assertStringIncludes(stdout, '{"b":"clean"}');
  },
});

harm("A constructor among the fields is a field", {
  harmless: TEXT,
  body:
    `yield { message: { constructor: { prototype: { polluted: 1 } }, toJSON: "x", then: "y" } };`,
  check: ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, '"then":"y"');
  },
});

harm("A function in a row is no tuple", {
  body: `yield { message: { a: [1, () => 2] } } as any;`,
  check: refused(/a\[1\]/),
});

harm("A cycle in a row is no tuple", {
  harmless: WRITING,
  body: `const row: any = {}; row.self = row; yield { message: row };`,
  check: refused(/cycle|circular/),
});

harm("A getter that throws ends the stream alone", {
  harmless: WRITING,
  body: `yield { message: { get a() { throw new Error("boom"); } } } as any;`,
  check: refused(/boom/),
});

harm("A proxy that throws at everything ends the stream alone", {
  harmless: WRITING,
  body:
    `yield { message: new Proxy({}, { ownKeys() { throw new Error("boom"); }, get() { throw new Error("boom"); } }) };`,
  check: ({ code, stderr }) => assertEquals(code, 1, stderr),
});

harm("A proxy for an item ends the stream alone", {
  harmless: "what cannot be read of it is an error of the stream before it is a tuple",
  body:
    `yield new Proxy({} as any, { get() { throw { toString() { throw 1; } }; }, has() { throw 1; } });`,
  check: ({ code, stderr }) => assertEquals(code, 1, stderr),
});

harm("A row of a million fields is dropped or passes, and the next one comes", {
  slow: true,
  body: `const row: any = {}; for (let i = 0; i < 1e6; i++) row["k" + i] = i;
    yield { message: row };
    // In a batch of two the row may be twice as large.
    await new Promise((resolve) => setTimeout(resolve, 10));
    yield { message: { next: true } };`,
  check: ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, '{"next":true}');
  },
});

harm("A text of a third of a gigabyte is dropped and counted", {
  slow: true,
  body: `yield { message: { a: "x".repeat(3e8) } }; yield { message: { next: true } };`,
  check: ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr);
    assertEquals(stdout, '{"next":true}\n');
    assertStringIncludes(stderr, "1 dropped");
  },
});

harm("A payload over memory that the plugin keeps a hand on is no payload", {
  harmless: "the payloads of a batch are copied into one piece of memory of its own",
  body: `const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true } as any);
    yield { payload: new Uint8Array(memory.buffer, 0, 9) };`,
  check: ({ code, stdout, stderr }) => {
    // Copied or refused: nothing of it is shared.
    assert(code === 0 || code === 1, stderr);
    assertEquals(stdout.includes("{"), false);
  },
});

harm("A payload over memory that shrinks, or is given away, is no payload", {
  harmless: "the payloads of a batch are copied when they come, as long as they are then",
  body: `const memory = new ArrayBuffer(8, { maxByteLength: 64 });
    const payload = new Uint8Array(memory);
    yield { payload };
    memory.resize(0);
    const given = new Uint8Array(5);
    given.buffer.transfer();
    yield { payload: given };`,
  check: ({ code, stdout, stderr }) => {
    assert(code === 0 || code === 1, stderr);
    assertEquals(stdout, "");
  },
});

harm("A class that is a proxy, and an iterator that ends badly, harm themselves alone", {
  harmless:
    "what a source is asked for is looked at where it is asked, and what that throws is an error of the stream",
  body: `const rows = { next: () => ({ then(done: any) {
        done({ value: { message: { a: 1 } }, get done() { throw { get message() { throw 1; } }; } });
      } }) };
    const forged: any = new Proxy({}, { get: (_, key) => key === Symbol.asyncIterator ? () => rows : undefined });
    yield* forged;`,
  check: ({ code, stdout, stderr }) => {
    assertEquals(code, 1, stderr);
    assertEquals(stdout, "");
    assertEquals(/\(in worker|^error: (?!Source)/m.test(stderr), false, stderr);
  },
});

harm("A line of the log cannot move the cursor, forge a line or flood the terminal", {
  body: `console.log("a\\u001b[2J\\u0007b\\nerror: forged\\u202e");
    for (let i = 0; i < 20000; i++) ctx.log.info("flood " + i);
    yield { message: { next: true } };`,
  check: ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr.slice(0, 2000));
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/.test(stdout + stderr), false);
    const lines = stderr.split("\n");
    assertEquals(lines.some((line) => line.startsWith("error: forged")), false);
    assert(lines.filter((line) => line.includes("flood")).length <= 400, `${lines.length} lines`);
  },
});

harm("A source that ignores the stop does not hold it up", {
  harmless:
    "without the engine's own deadlines the program would never end, and so would no test of it",
  body: `yield { message: { a: 1 } }; await new Promise(() => {});`,
  args: ["--limit", "1"],
  check: ({ code, stdout, stderr }) => {
    assertEquals(code, 0, stderr);
    assertEquals(stdout, '{"a":1}\n');
  },
});

harm("What is thrown where nobody catches it is told in a sentence, and not by the runtime", {
  body:
    `setTimeout(() => { throw new Error("late \\u001b[31m"); }, 1); await new Promise(() => {});`,
  check: ({ code, stderr }) => {
    assertEquals(code, 1);
    assertStringIncludes(stderr, "late");
    assertEquals(stderr.includes("Uncaught"), false, stderr);
    assertEquals(stderr.includes("\u001b"), false);
  },
});

harm("A source map that names a file of the machine shows nothing of it", {
  harmless:
    "the linker's text ends in a line of its own, and the runtime looks for a map in the last one",
  body: `setTimeout(() => { throw new Error("here"); }, 1); await new Promise(() => {});
    //# sourceMappingURL=data:application/json,{"version":3,"sources":["file:///etc/passwd"],"names":[],"mappings":"AAAA;AAAA;AAAA;AAAA;AAAA;AAAA"}
    `,
  args: ["--stack"],
  check: ({ code, stderr }) => {
    assertEquals(code, 1);
    assertStringIncludes(stderr, "here");
    assertEquals(stderr.includes("root:"), false, stderr);
  },
});
