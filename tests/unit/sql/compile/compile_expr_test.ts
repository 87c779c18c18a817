import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KuiperError, type Row, type Value } from "../../../../src/core/mod.ts";
import { BUILTIN_FUNCTIONS } from "../../../../src/function/mod.ts";
import { compileCondition, compileExpr, type Expr } from "../../../../src/sql/mod.ts";
import { RowFailed, slowEval } from "./_slow_eval.ts";

const OPTIONS = { functions: BUILTIN_FUNCTIONS, ruleId: "r1", now: () => 0 };
const NAMES = ["a", "b", "c", "constructor", "__proto__"];

const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0.5, -2.5, 2 ** 53 - 1, -(2 ** 53 - 1), 1e300, 2 ** 31, -(2 ** 31)),
);
const scalar: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: number },
  fc.constantFrom(2n ** 53n, -(2n ** 63n), 2n ** 64n),
  fc.constantFrom("", "a", "ab", "%", "a_b", "😀", "5"),
  fc.boolean(),
  fc.constant(null),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
);
const row: fc.Arbitrary<Row> = fc.array(fc.tuple(fc.constantFrom(...NAMES), value), {
  maxLength: 4,
}).map((fields) => {
  const made: Row = {};
  for (const [name, field] of fields) {
    Object.defineProperty(made, name, {
      value: field,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return made;
});

const literal: fc.Arbitrary<Expr> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }).map(String) },
  fc.constantFrom("9007199254740993", "-9223372036854775808"),
).map((digits): Expr => ({ kind: "literal", literal: { kind: "bigint", digits } }));
const leaf: fc.Arbitrary<Expr> = fc.oneof(
  literal,
  {
    weight: 3,
    arbitrary: fc.constantFrom(...NAMES).map((name): Expr => ({ kind: "column", name })),
  },
  fc.constantFrom<Expr[]>(
    { kind: "literal", literal: null },
    { kind: "literal", literal: { kind: "boolean", value: true } },
    { kind: "literal", literal: { kind: "float", value: 0.5 } },
    ...["", "a%", "_b", "%a%", "\\%", "5", "😀", "_"].map((text): Expr => ({
      kind: "literal",
      literal: { kind: "string", value: text },
    })),
  ),
);
const OPS = ["or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "&", "|", "^"];

const { expr } = fc.letrec<{ expr: Expr }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constant("binary"),
      op: fc.constantFrom(...OPS),
      left: tie("expr"),
      right: tie("expr"),
    }),
    fc.record({
      kind: fc.constant("unary"),
      op: fc.constantFrom("-", "not"),
      operand: tie("expr"),
    }),
    fc.record({
      kind: fc.constant("between"),
      not: fc.boolean(),
      operand: tie("expr"),
      low: tie("expr"),
      high: tie("expr"),
    }),
    fc.record({
      kind: fc.constant("in"),
      not: fc.boolean(),
      operand: tie("expr"),
      among: fc.oneof(
        fc.record({ list: fc.array(tie("expr"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ array: tie("expr") }),
      ),
    }),
    fc.record({
      kind: fc.constant("like"),
      not: fc.boolean(),
      operand: tie("expr"),
      pattern: tie("expr"),
    }),
    fc.record({ kind: fc.constant("is_null"), not: fc.boolean(), operand: tie("expr") }),
    fc.record({
      kind: fc.constant("case"),
      operand: tie("expr"),
      whens: fc.array(fc.record({ when: tie("expr"), then: tie("expr") }), {
        minLength: 1,
        maxLength: 2,
      }),
      otherwise: tie("expr"),
    }, { requiredKeys: ["kind", "whens"] }),
  ) as fc.Arbitrary<Expr>,
}));

/** A value, or the word that the row failed. */
function outcome(evaluate: () => Value): Value {
  try {
    const found = evaluate();
    // -0 of a FLOAT is not told from 0.
    return typeof found === "number" ? found + 0 : found;
  } catch (error) {
    if (error instanceof RowFailed) return "the row failed";
    if (error instanceof KuiperError && error.code === "row") return "the row failed";
    throw error;
  }
}

Deno.test("compileExpr() gives what walking the expression gives, for every row", () => {
  fc.assert(
    fc.property(expr, fc.array(row, { minLength: 1, maxLength: 5 }), (tree, rows) => {
      let evaluate: ReturnType<typeof compileExpr>;
      try {
        evaluate = compileExpr(tree, OPTIONS);
      } catch (error) {
        // The checker would have refused it: a literal of a type that its operator never takes.
        if (error instanceof KuiperError && error.code === "internal") return fc.pre(false);
        throw error;
      }
      for (const message of rows) {
        const frame = { message, meta: {}, timestamp: 0 };
        assertEquals(
          outcome(() => evaluate(frame)),
          outcome(() => slowEval(tree, message)),
        );
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("compileCondition() is true for the rows for which the expression is true", () => {
  fc.assert(
    fc.property(expr, row, (tree, message) => {
      let condition: ReturnType<typeof compileCondition>;
      try {
        condition = compileCondition(tree, OPTIONS);
      } catch (error) {
        if (error instanceof KuiperError && error.code === "internal") return fc.pre(false);
        throw error;
      }
      const found = outcome(() => condition({ message, meta: {}, timestamp: 0 }));
      const slow = outcome(() => slowEval(tree, message));
      const wanted = slow === null || slow === true || slow === false
        ? slow === true
        : "the row failed";
      assertEquals(found, wanted);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("compileExpr() casts no value to one that is many times as large", () => {
  const fields = Array.from({ length: 100 }, (_, i) => ({
    name: `f${i}`,
    type: { kind: "bigint" as const },
  }));
  const cast = compileExpr({
    kind: "cast",
    operand: { kind: "column", name: "a" },
    type: { kind: "array", element: { kind: "struct", fields } },
  }, OPTIONS);
  const of = (length: number) => ({
    message: { a: Array.from({ length }, () => ({})) },
    meta: {},
    timestamp: 0,
  });
  for (let i = 0; i < 2; i++) assertEquals((cast(of(10_000)) as Value[]).length, 10_000);
  assertThrows(() => cast(of(10_001)), KuiperError, "more than 1000000 fields are absent");
});
