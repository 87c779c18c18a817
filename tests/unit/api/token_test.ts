import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { newToken } from "../../../src/api/mod.ts";
import { TokenBook } from "../../../src/api/token.ts";

Deno.test("newToken() does make 256 bits that are not made again, and their hash", async () => {
  const [one, two] = [await newToken(), await newToken()];
  assertNotEquals(one.token, two.token);
  assertMatch(one.token, /^kuiper_[\w-]{43}$/);
  assertMatch(one.hash, /^sha256:[0-9a-f]{64}$/);
});

Deno.test("TokenBook.holderOf() does find whose token it is", async () => {
  const [alice, bob] = [await newToken(), await newToken()];
  const book = new TokenBook({ alice: alice.hash, bob: bob.hash });
  assertEquals(book.empty, false);
  assertEquals(await book.holderOf(`Bearer ${alice.token}`), "alice");
  assertEquals(await book.holderOf(bob.token), "bob");
  for (
    const wrong of [null, "", "Bearer ", alice.hash, `${alice.token}x`, `Basic ${alice.token}`]
  ) {
    assertEquals(await book.holderOf(wrong), undefined);
  }
  assertEquals(new TokenBook({}).empty, true);
});
