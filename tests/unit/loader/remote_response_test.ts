import { assertEquals } from "@std/assert";
import { moduleKind, retryAfterMs } from "../../../src/loader/remote_response.ts";

/** `ts`, `js`, or why it is neither. */
function kind(path: string, contentType: string | null): string {
  const found = moduleKind(new URL(path, "https://h/"), { contentType });
  return "why" in found ? found.why : found.isTypeScript ? "ts" : "js";
}

Deno.test("moduleKind() goes by the content type and the name, whichever says more", () => {
  const cases: [string, string | null, string][] = [
    ["a.ts", "application/typescript", "ts"],
    ["a.ts", "video/mp2t", "ts"],
    ["a.ts", "text/vnd.trolltech.linguist", "ts"],
    ["a.mts", "text/plain; charset=utf-8", "ts"],
    ["a.ts", "Text/JavaScript", "ts"],
    ["a.ts", null, "ts"],
    ["a.js", "text/plain", "js"],
    ["a.mjs?x=.ts", "application/octet-stream", "js"],
    ["a", "application/typescript", "ts"],
    ["a", 'text/javascript; charset="UTF-8"', "js"],
    ["a@1.2.3", "application/javascript", "js"],
  ];
  for (const [path, type, expected] of cases) assertEquals(kind(path, type), expected);
});

Deno.test("moduleKind() says why an answer is no module", () => {
  const serve = 'serve it as "application/typescript" or "text/javascript"';
  assertEquals(kind("a.ts", "text/html"), "it is a web page; use the URL of the raw file");
  assertEquals(
    kind("a.ts", "application/ld+json"),
    "it is JSON; put the data into a .ts or .js file that exports it",
  );
  assertEquals(
    kind("a.ts", "text/css"),
    'its content type is "text/css", expected "application/typescript" or "text/javascript"',
  );
  assertEquals(kind("a", null), `it has no content type and no .ts or .js in its name; ${serve}`);
  assertEquals(
    kind("a.ts", "text/plain; charset=utf-16"),
    'its charset is "utf-16"; serve it as UTF-8',
  );
});

Deno.test("retryAfterMs() takes seconds and dates", () => {
  const now = Date.UTC(2026, 0, 1);
  assertEquals(retryAfterMs("3", now), 3000);
  assertEquals(retryAfterMs("-3", now), 0);
  assertEquals(retryAfterMs("Thu, 01 Jan 2026 00:00:05 GMT", now), 5000);
  assertEquals(retryAfterMs("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  for (const nothing of [null, "", "soon"]) assertEquals(retryAfterMs(nothing, now), undefined);
});
