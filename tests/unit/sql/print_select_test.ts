import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Expr,
  parseQuery,
  printExpr,
  printSelect,
  type Select,
} from "../../../src/sql/mod.ts";

const name = fc.constantFrom("a", "b", "Temperature", "from", "with space", "größe", "_1");
const literal: fc.Arbitrary<Expr> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) =>
    ({ kind: "literal", literal: { kind: "bigint", digits: String(n) } }) as const
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) =>
    // SQL has no -0: it is 0 with a sign in front, which is folded into the number.
    ({
      kind: "literal",
      literal: { kind: "float", value: Object.is(value, -0) ? 0 : value },
    }) as const
  ),
  fc.string().filter((value) => value.isWellFormed()).map((value) =>
    ({ kind: "literal", literal: { kind: "string", value } }) as const
  ),
  fc.boolean().map((value) => ({ kind: "literal", literal: { kind: "boolean", value } }) as const),
  fc.constant({ kind: "literal", literal: null } as const),
);
const column: fc.Arbitrary<Expr> = name.map((name) => ({ kind: "column", name }));
const ops = fc.constantFrom(
  ..."or and = != < <= > >= + - * / % & | ^".split(" ") as (Expr & { kind: "binary" })["op"][],
);

const { expr } = fc.letrec<{ expr: Expr }>((tie) => {
  const part = tie("expr");
  const optional = fc.option(part, { nil: undefined });
  return {
    expr: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      literal,
      column,
      fc.record({ kind: fc.constant("unary"), op: fc.constant("not"), operand: part }),
      // A sign before a number is part of the number.
      fc.record({ kind: fc.constant("unary"), op: fc.constant("-"), operand: column }),
      fc.record({ kind: fc.constant("binary"), op: ops, left: part, right: part }),
      fc.record({
        kind: fc.constant("between"),
        not: fc.boolean(),
        operand: part,
        low: part,
        high: part,
      }),
      fc.record({
        kind: fc.constant("in"),
        not: fc.boolean(),
        operand: part,
        among: fc.oneof(
          fc.record({ list: fc.array(part, { minLength: 1, maxLength: 3 }) }),
          fc.record({ array: column }),
        ),
      }),
      fc.record({ kind: fc.constant("like"), not: fc.boolean(), operand: part, pattern: part }),
      fc.record({ kind: fc.constant("is_null"), not: fc.boolean(), operand: part }),
      fc.tuple(
        optional,
        fc.array(fc.record({ when: part, then: part }), { minLength: 1, maxLength: 2 }),
        optional,
      )
        .map(([operand, whens, otherwise]) => ({
          kind: "case",
          whens,
          ...(operand === undefined ? {} : { operand }),
          ...(otherwise === undefined ? {} : { otherwise }),
        })),
      fc.record({
        kind: fc.constant("call"),
        name: fc.constantFrom("abs", "concat"),
        args: fc.array(part, { maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant("cast"),
        operand: part,
        type: fc.constantFrom({ kind: "bigint" }, { kind: "array", element: { kind: "string" } }),
      }),
      fc.record({ kind: fc.constant("field"), operand: part, name }),
      fc.record({ kind: fc.constant("index"), operand: part, index: part }),
      fc.tuple(part, optional, optional).map(([operand, from, to]) => ({
        kind: "slice",
        operand,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      })),
    ) as fc.Arbitrary<Expr>,
  };
});

Deno.test("printSelect() writes any query so that it parses to the same one", () => {
  fc.assert(
    fc.property(expr, expr, fc.boolean(), (item, where, descending) => {
      const select: Select = {
        kind: "select",
        items: [{ kind: "expr", expr: item, alias: "x", invisible: false }],
        from: { stream: "plant/#", alias: "p" },
        where,
        orderBy: [{ expr: where, descending }],
        limit: 3,
      };
      assertEquals(parseQuery(printSelect(select)), select);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("printExpr() writes no more brackets than are needed", () => {
  for (
    const text of [
      "a + b * c",
      "(a + b) * c",
      "a - (b - c)",
      "a OR b AND NOT c",
      "NOT (a OR b)",
      "(a OR b) AND c",
      "a->b[0]->c[1:]",
      "-a + -(-1)",
      "(a = b) IS NULL",
      "CASE WHEN a THEN 1 ELSE 2 END + 1",
    ]
  ) {
    const query = parseQuery(`SELECT ${text} FROM s`);
    const item = query.kind === "select" ? query.items[0] : undefined;
    assertEquals(item?.kind === "expr" ? printExpr(item.expr) : undefined, text);
  }
});
