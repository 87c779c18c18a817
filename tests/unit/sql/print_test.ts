import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseStatement, printStatement } from "../../../src/sql/mod.ts";

Deno.test("printStatement() prints only the options that differ, and the three that say what the stream is", () => {
  assertEquals(
    printStatement(
      parseStatement("a () WITH (SHARED=FALSE, DELIMITER=',', StrictValidation=TRUE)"),
    ),
    'CREATE STREAM a () WITH (DATASOURCE="", FORMAT="json", TYPE="mqtt", STRICT_VALIDATION=TRUE);',
  );
});

Deno.test("printStatement() puts other names than plain ones in back-ticks", () => {
  assertEquals(printStatement({ kind: "drop_stream", name: "温 度" }), "DROP STREAM `温 度`;");
  assertEquals(printStatement({ kind: "describe_stream", name: "_a1" }), "DESCRIBE STREAM _a1;");
});

Deno.test("printStatement() masks secrets in EXTRA unless told to show them", () => {
  const statement = parseStatement(
    `a () WITH (EXTRA='{"password": "hunter2", "sasl": [{"apiKey": 42}], "qos": 1, "token": true}')`,
  );
  const masked = printStatement(statement);
  assertStringIncludes(
    masked,
    `EXTRA='{"password":"******","sasl":[{"apiKey":"******"}],"qos":1,"token":true}'`,
  );
  const shown = printStatement(statement, { secrets: "show" });
  assertEquals(parseStatement(shown), statement);
});

Deno.test("printStatement() keeps control characters out of the text", () => {
  const statement = parseStatement('a () WITH (DATASOURCE="\\u0000\\u001b\\u0085\\u2028\\n\\"\'")');
  const text = printStatement(statement);
  assertStringIncludes(text, `DATASOURCE="\\u0000\\u001b\\u0085\\u2028\\n\\"'"`);
  assertEquals(parseStatement(text), statement);
});
