import { assertEquals } from "@std/assert";
import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import {
  checkPluginSchema,
  checkSchema,
  formatFinding,
  type PropsSchema,
  type SchemaType,
  validateProps,
  type Where,
} from "../../../src/config/mod.ts";

const WHERE: Where = {
  locate: (path, of) => ({ file: `${of}(${path.join("/")})` }),
  label: (path) => path.join("."),
};

function check(value: unknown, schema: PropsSchema): string[] {
  return validateProps(value, schema, WHERE).map(formatFinding);
}

Deno.test("validateProps() does say what was expected for each keyword", () => {
  const properties: Record<string, [PropsSchema, unknown, string]> = {
    a: [{ type: "integer", minimum: 1, maximum: 9 }, 0, "an integer from 1 to 9"],
    b: [{ type: "number", exclusiveMinimum: 0 }, 0, "a number above 0"],
    c: [{ type: "string", minLength: 1 }, "", "a text that is not empty"],
    d: [{ type: "string", pattern: "^x" }, "y", "a text that matches /^x/"],
    e: [{ enum: ["a", "b"] }, "c", '"a" or "b"'],
    f: [{ enum: [1, null, "x"] }, 2, '1, null or "x"'],
    g: [{ const: 1 }, 2, "1"],
    h: [{ type: ["integer", "null"] }, "x", "an integer, or null"],
    i: [{ anyOf: [{ type: "boolean" }, { type: "array" }] }, 1, "true or false, or a list"],
    j: [{ type: "array", items: { type: "string" } }, 1, "a list in which each item is a text"],
    k: [{ type: "array", maxItems: 1 }, [1, 2], "a list of at most 1 items"],
    l: [{ type: "array", uniqueItems: true }, [1, 1], "a list without repetitions"],
    m: [{ type: "integer", multipleOf: 5 }, 7, "an integer that is a multiple of 5"],
    n: [{ type: "object" }, null, "a mapping"],
    o: [{ type: "integer" }, 1.5, "an integer"],
  };
  for (const [name, [schema, value, expected]] of Object.entries(properties)) {
    assertEquals(
      check({ [name]: value }, { type: "object", properties: { [name]: schema } }),
      [`value(${name}): "${name}" is ${JSON.stringify(value)}, expected ${expected}`],
    );
  }
});

Deno.test("validateProps() does find each fault once, however deep", () => {
  const schema: PropsSchema = {
    type: "object",
    required: ["name", "port"],
    properties: {
      port: { type: "integer", enum: [1, 2] },
      list: {
        type: "array",
        items: {
          type: "object",
          additionalProperties: false,
          properties: { id: { type: "string" } },
        },
      },
      map: { type: "object", additionalProperties: { type: "number" } },
      "a/b~c %": { type: "boolean" },
    },
    additionalProperties: false,
  };
  const value = {
    port: "x",
    list: [{ id: "a" }, { id: 1, ib: 2 }],
    map: { x: 1, "y/z": "w" },
    "a/b~c %": 1,
    prot: 1,
    prot2: 2,
  };
  assertEquals(
    check(value, schema),
    [
      'key(): "name" is missing',
      'key(list/1/ib): unknown key "list.1.ib", did you mean "list.1.id"?',
      'key(prot): unknown key "prot", did you mean "port"?',
      'key(prot2): unknown key "prot2", known here: port, list, map, a/b~c %',
      'value(a/b~c %): "a/b~c %" is 1, expected true or false',
      'value(list/1/id): "list.1.id" is 1, expected a text',
      'value(map/y/z): "map.y/z" is "w", expected a number',
      'value(port): "port" is "x", expected 1 or 2',
    ].map((line) => line.replace("expected 1 or 2", "expected an integer 1 or 2")),
  );
});

Deno.test("validateProps() does not show the value of a secret key", () => {
  const schema: PropsSchema = { properties: { password: { type: "string" } } };
  assertEquals(check({ password: 1234 }, schema), [
    'value(password): "password" is "***", expected a text',
  ]);
});

Deno.test("validateProps() does shorten a long value", () => {
  const [line] = check({ a: "x".repeat(500) }, { properties: { a: { type: "integer" } } });
  assertEquals(line!.length < 140, true);
});

Deno.test("validateProps() does come back from any properties", () => {
  const schema: PropsSchema = {
    type: "object",
    additionalProperties: false,
    properties: {
      a: { type: "object", properties: { b: { type: "array", items: { type: "integer" } } } },
    },
  };
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    validateProps(value, schema, WHERE);
    validateProps({ a: value }, schema, WHERE);
    validateProps({ a: { b: value } }, schema, WHERE);
  }));
});

Deno.test("validateProps() does judge as JSON Schema does", () => {
  const value = fc.oneof(
    fc.constantFrom(null, true, 0, 1, 1.5, -2, 0.3, "", "a", "ab", "😀", [], [1], [1, 1], {}, {
      a: 1,
    }),
    fc.constantFrom([[1], [1]], [{ a: 1 }, { a: 1.0 }], { a: "b", b: [0] }, { c: null }, ["a", {}]),
  );
  const type = fc.constantFrom<SchemaType>(
    ...["null", "boolean", "integer", "number", "string", "array", "object"] as const,
  );
  const number = fc.constantFrom(-1, 0, 1, 1.5);
  const count = fc.nat({ max: 2 });
  const leaf = {
    type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
    enum: fc.array(value, { minLength: 1, maxLength: 3 }),
    const: value,
    minimum: number,
    maximum: number,
    exclusiveMinimum: number,
    exclusiveMaximum: number,
    multipleOf: fc.constantFrom(1, 2, 0.5, 0.1),
    minLength: count,
    maxLength: count,
    pattern: fc.constantFrom("^a", "b$", "."),
    minItems: count,
    maxItems: count,
    uniqueItems: fc.boolean(),
    required: fc.uniqueArray(fc.constantFrom("a", "b"), { maxLength: 2 }),
  };
  // Few keywords at a time, or hardly a value fits.
  const some = (keywords: Record<string, fc.Arbitrary<unknown>>) =>
    fc.uniqueArray(fc.constantFrom(...Object.keys(keywords)), { maxLength: 2 }).chain((names) =>
      fc.record(Object.fromEntries(names.map((name) => [name, keywords[name]!])))
    ) as fc.Arbitrary<PropsSchema>;
  const over = (inner: fc.Arbitrary<PropsSchema>) =>
    some({
      ...leaf,
      anyOf: fc.array(inner, { minLength: 1, maxLength: 2 }),
      items: inner,
      properties: fc.dictionary(fc.constantFrom("a", "b"), inner, { noNullPrototype: true }),
      additionalProperties: fc.oneof(fc.boolean(), inner),
    });
  const schema = over(over(some(leaf)));
  fc.assert(
    fc.property(schema, value, (schema, value) => {
      const oracle = new Validator(schema as Record<string, unknown>, "2020-12");
      assertEquals(checkSchema(schema), undefined);
      assertEquals(check(value, schema).length === 0, oracle.validate(value).valid);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("checkSchema() does accept what validateProps knows and names what it does not", () => {
  assertEquals(
    checkSchema({ type: "object", properties: { a: { anyOf: [{ minimum: 1 }] } } }),
    undefined,
  );
  assertEquals(checkSchema(7), "schema is no object");
  assertEquals(
    checkSchema({ properties: { a: { $ref: "#/x" } } })?.startsWith(
      'schema.properties.a uses the keyword "$ref", which is not supported'.replace(
        ".properties",
        "",
      ),
    ),
    true,
  );
  assertEquals(
    checkSchema({ items: { type: "text" } }),
    'schema.items.type is "text", which that keyword cannot be',
  );
  assertEquals(
    checkSchema({ pattern: "(" }),
    'schema.pattern is "(", which that keyword cannot be',
  );
  const deep: Record<string, unknown> = {};
  let inner = deep;
  for (let i = 0; i < 100; i++) inner = (inner.items = {}) as Record<string, unknown>;
  assertEquals(checkSchema(deep)?.endsWith("is nested too deeply"), true);
});

Deno.test("checkPluginSchema() does refuse what would run a stranger's expression, wherever it stands", () => {
  const cure = "which no plugin's schema may have; check that in configure instead";
  for (
    const keyword of ["pattern", "patternProperties", "$ref", "$dynamicRef", "$recursiveRef"]
  ) {
    const bad = { [keyword]: "x" };
    const says = (place: string) => `${place} uses the keyword "${keyword}", ${cure}`;
    assertEquals(checkPluginSchema(bad), says("schema"));
    assertEquals(checkPluginSchema({ properties: { a: bad } }), says("schema.a"));
    assertEquals(checkPluginSchema({ items: { anyOf: [{}, bad] } }), says("schema.items.anyOf[1]"));
    assertEquals(
      checkPluginSchema({ additionalProperties: bad }),
      says("schema.additionalProperties"),
    );
    // A property may be called so.
    assertEquals(checkPluginSchema({ properties: { [keyword]: {} } }), undefined);
  }
});

Deno.test("checkPluginSchema() does pass over keywords that nobody evaluates, and refuse what is no schema", () => {
  assertEquals(checkPluginSchema({ $schema: "https://x", format: "uri", oneOf: 7 }), undefined);
  assertEquals(
    checkPluginSchema({ properties: { "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q": {} } }),
    undefined,
  );
  assertEquals(checkPluginSchema({ properties: { a: true } }), "schema.a is no object");
  assertEquals(
    checkPluginSchema({ required: "x".repeat(100) }),
    `schema.required is "${"x".repeat(59)}, which that keyword cannot be`,
  );
  let deep: Record<string, unknown> = {};
  for (let i = 0; i < 20; i++) deep = { items: deep };
  assertEquals(checkPluginSchema(deep)?.endsWith("is nested too deeply"), true);
});
