import { assert, assertEquals, assertMatch } from "@std/assert";
import { createLogger, silentLogger } from "../../../src/core/mod.ts";
import { DenialBook } from "../../../src/app/denial_book.ts";
import { openStore, type Store } from "../../../src/store/mod.ts";

const READ = { kind: "read", target: "/etc/passwd" } as const;

const mask = (text: string) => text.replaceAll("hunter2", "***");

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
  const book = new DenialBook(() => undefined, { log, mask });
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
    const former = new DenialBook(() => Promise.resolve(store), { log: silentLogger, mask });
    former.add("mine", READ, 2);
    await former.save();
    await former.save();
    const book = new DenialBook(() => Promise.resolve(store), { log: silentLogger, mask });
    book.add("mine", READ, 1);
    await book.save();
    assertEquals(book.list("mine")!.total, 3);
    const onlooker = new DenialBook(() => undefined, { log: silentLogger, mask });
    const { total, items, rest } = onlooker.list("Mine", store)!;
    assertEquals([total, items.length, items[0]!.count, rest], [3, 1, 3, 0]);
  });
});

Deno.test("DenialBook.save() says what keeps it from being stored, and throws nothing", async () => {
  const lines: string[] = [];
  const log = createLogger((line) => void lines.push(line), { level: "warn" });
  const book = new DenialBook(() => Promise.reject(new Error("the disk is full")), { log, mask });
  book.add("mine", READ, 1);
  await book.save();
  assertMatch(lines.at(-1)!, /Cannot store what plugins were denied: the disk is full/);
  assertEquals(book.list("mine")!.total, 1);
});

Deno.test("DenialBook.add() keeps no secret that a plugin asked for something with", () => {
  const lines: string[] = [];
  const log = createLogger((line) => void lines.push(line), { level: "info" });
  const book = new DenialBook(() => undefined, { log, mask });
  book.add("mine", { kind: "net", target: "hunter2.example.org:443" }, 1);
  const [item] = book.list("mine")!.items;
  assertEquals(item!.target, "***.example.org:443");
  assert(!JSON.stringify([item, lines]).includes("hunter2"));
});
