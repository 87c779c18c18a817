import { assertEquals, assertMatch } from "@std/assert";
import { createLogger, silentLogger } from "../../../src/core/mod.ts";
import { DenialBook } from "../../../src/app/denial_book.ts";
import { openStore, type Store } from "../../../src/store/mod.ts";

const READ = { kind: "read", target: "/etc/passwd" } as const;

async function withStore(use: (store: Store) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using store = await openStore(folder, { owner: "test" });
    await use(store);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("DenialBook.add() counts for each plugin, whatever the case of its name", () => {
  const lines: string[] = [];
  const log = createLogger((line) => void lines.push(line), { level: "info" });
  const book = new DenialBook(() => undefined, log);
  book.add("Mine", READ, 2);
  book.add("mine", READ, 1);
  book.add("other", { kind: "env" }, 1);
  assertEquals(book.list("mine")!.total, 3);
  assertEquals(book.list("other")!.total, 1);
  assertEquals(book.list("nobody"), undefined);
  // Of each permission once.
  assertEquals(lines.length, 2);
  assertMatch(lines[0]!, /mine: was denied read access to "\/etc\/passwd"/);
});

Deno.test("DenialBook.save() goes on with what a former process stored", async () => {
  await withStore(async (store) => {
    const former = new DenialBook(() => Promise.resolve(store), silentLogger);
    former.add("mine", READ, 2);
    await former.save();
    await former.save();
    const book = new DenialBook(() => Promise.resolve(store), silentLogger);
    book.add("mine", READ, 1);
    await book.save();
    assertEquals(book.list("mine")!.total, 3);
    const onlooker = new DenialBook(() => undefined, silentLogger);
    const { total, items, rest } = onlooker.list("Mine", store)!;
    assertEquals([total, items.length, items[0]!.count, rest], [3, 1, 3, 0]);
  });
});

Deno.test("DenialBook.save() says what keeps it from being stored, and throws nothing", async () => {
  const lines: string[] = [];
  const log = createLogger((line) => void lines.push(line), { level: "warn" });
  const book = new DenialBook(() => Promise.reject(new Error("the disk is full")), log);
  book.add("mine", READ, 1);
  await book.save();
  assertMatch(lines.at(-1)!, /Cannot store what plugins were denied: the disk is full/);
  assertEquals(book.list("mine")!.total, 1);
});
