import { assertEquals } from "@std/assert";
import { jsonForPeople, quietJson } from "../../../src/cli/quiet_json.ts";

Deno.test("quietJson() escapes what steers a terminal and says the same", () => {
  const value = { "a\x9b31m": "\u061c\u200e\u2028\u202e\u2066\x7f é温" };
  const json = quietJson(JSON.stringify(value));
  assertEquals(
    json,
    '{"a\\u009b31m":"\\u061c\\u200e\\u2028\\u202e\\u2066\\u007f é温"}',
  );
  assertEquals(JSON.parse(json), value);
  assertEquals(jsonForPeople({ a: "\x9b" }), '{\n  "a": "\\u009b"\n}\n');
});
