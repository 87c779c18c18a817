import { assertEquals } from "@std/assert";
import { parseRate } from "../../../src/config/rate.ts";
import { parseSize } from "../../../src/config/size.ts";

Deno.test("parseSize() does read bytes, decimal and binary units, and nothing else", () => {
  const sizes = [1, 4096, "256MB", "256 mb", "1.5GiB", "64KiB", "7", "12B"];
  assertEquals(sizes.map(parseSize), [1, 4096, 256e6, 256e6, 1.5 * 1024 ** 3, 65536, 7, 12]);
  const wrong = [0, -1, 1.5, NaN, "", "MB", "1XB", "1e3MB", "-5MB", "0MB"];
  assertEquals(wrong.map(parseSize), wrong.map(() => undefined));
});

Deno.test("parseRate() does read tuples a second, a minute and an hour, and nothing else", () => {
  assertEquals([1000, "1000/s", "600/m", " 36 / h "].map(parseRate), [1000, 1000, 10, 0.01]);
  const wrong = [0, -1, Infinity, "10", "10/d", "/s", "0/s"];
  assertEquals(wrong.map(parseRate), wrong.map(() => undefined));
});
