import { assertEquals, assertRejects } from "@std/assert";
import { MAX_MODULES } from "../../../src/loader/module_graph.ts";
import type { ModuleBytes, ModuleReader } from "../../../src/loader/module_reader.ts";
import { ReadAhead } from "../../../src/loader/read_ahead.ts";

/** A reader that answers when it is told. */
class FakeReader implements ModuleReader {
  readonly asked: string[] = [];
  readonly #answers = new Map<string, (error?: Error) => void>();

  read(url: string): Promise<ModuleBytes> {
    this.asked.push(url);
    const bytes = new TextEncoder().encode(url);
    return new Promise((resolve, reject) =>
      this.#answers.set(
        url,
        (error) => error === undefined ? resolve({ bytes, realUrl: url }) : reject(error),
      )
    );
  }

  realFolder(url: string): Promise<string> {
    return Promise.resolve(url);
  }

  siblings(): Promise<string[]> {
    return Promise.resolve([]);
  }

  answer(url: string, error?: Error): void {
    this.#answers.get(url)!(error);
  }
}

const urls = (count: number) => Array.from({ length: count }, (_, i) => `file:///m${i}.ts`);

Deno.test("ReadAhead.prefetch() reads at most 32 at once, each one once", async () => {
  const reader = new FakeReader();
  await using ahead = new ReadAhead(reader);
  const all = urls(40);
  for (const url of [...all, ...all]) ahead.prefetch(url);
  assertEquals(reader.asked, all.slice(0, 32));
  const first = ahead.read(all[0]!);
  reader.answer(all[0]!);
  const { sha256, bytes } = await first;
  assertEquals(new TextDecoder().decode(bytes), all[0]);
  assertEquals(sha256?.length, 64);
  assertEquals(reader.asked, all.slice(0, 33));
  ahead.prefetch(all[0]!);
  for (let i = 1; i < all.length; i++) {
    const read = ahead.read(all[i]!);
    reader.answer(all[i]!);
    await read;
  }
  assertEquals(reader.asked, all);
});

Deno.test("ReadAhead.prefetch() reads no more than a plugin may have", async () => {
  let reads = 0;
  await using ahead = new ReadAhead({
    read: (url) => (reads++, Promise.resolve({ bytes: new Uint8Array(), realUrl: url })),
    realFolder: (url) => Promise.resolve(url),
    siblings: () => Promise.resolve([]),
  });
  const all = urls(MAX_MODULES + 1);
  for (const url of all) ahead.prefetch(url);
  for (const url of all.slice(0, -1)) await ahead.read(url);
  assertEquals(reads, MAX_MODULES);
  assertEquals((await ahead.read(all.at(-1)!)).realUrl, all.at(-1));
  assertEquals(reads, MAX_MODULES + 1);
});

Deno.test("ReadAhead.read() reads what nobody announced, and tells what failed", async () => {
  const reader = new FakeReader();
  await using ahead = new ReadAhead(reader);
  const [one, two] = urls(2) as [string, string];
  const plain = ahead.read(one);
  reader.answer(one);
  assertEquals((await plain).realUrl, one);
  ahead.prefetch(two);
  const announced = ahead.read(two);
  reader.answer(two, new Deno.errors.NotFound("no such file"));
  await assertRejects(() => announced, Deno.errors.NotFound);
});

Deno.test("ReadAhead[Symbol.asyncDispose]() begins nothing more and waits for what runs", async () => {
  const reader = new FakeReader();
  const ahead = new ReadAhead(reader);
  for (const url of urls(33)) ahead.prefetch(url);
  let ended = false;
  const ending = ahead[Symbol.asyncDispose]().then(() => ended = true);
  for (const url of urls(32)) {
    assertEquals(ended, false);
    reader.answer(url);
  }
  await ending;
  ahead.prefetch("file:///late.ts");
  assertEquals(reader.asked.length, 32);
});
