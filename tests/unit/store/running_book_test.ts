import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  RunningBook,
  runningQueries,
  runningRules,
  runningStreams,
} from "../../../src/store/mod.ts";

const refuse = (error: unknown) => {
  throw error;
};

async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const base = await Deno.makeTempDir({ prefix: "kuiper_running_" });
  try {
    await fn(join(base, "running"));
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

Deno.test("what runs is seen while it runs, and nothing is left behind", () =>
  inFolder(async (folder) => {
    assertEquals(await runningStreams(folder), []);
    const [first, second] = [{}, {}];
    {
      await using book = new RunningBook(folder, refuse);
      await book.set(first, { stream: "a", plugin: "weather", hash: "1".repeat(64) });
      await book.set(second, { stream: "b", plugin: "weather", hash: "2".repeat(64) });
      const pid = Deno.pid;
      const b = { stream: "b", plugin: "weather", hash: "2".repeat(64), pid };
      assertEquals(await runningStreams(folder), [
        { stream: "a", plugin: "weather", hash: "1".repeat(64), pid },
        b,
      ]);
      // A crashed isolate came back with other code.
      await book.set(first, { stream: "a", plugin: "weather", hash: "3" });
      assertEquals((await runningStreams(folder))[0]!.hash, "3");
      await book.delete(first);
      await book.delete(first);
      assertEquals(await runningStreams(folder), [b]);
    }
    assertEquals(await runningStreams(folder), []);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("rules are seen beside streams, each once for the same code, in a line that people can read", () =>
  inFolder(async (folder) => {
    const rule = (rule: string, hash: string) =>
      ({ rule, of: "sink", plugin: "shout", hash }) as const;
    {
      await using book = new RunningBook(folder, refuse);
      // What comes at once is written at once.
      await Promise.all([
        book.set({}, rule("r2", "2")),
        book.set({}, rule("r1", "1")),
        book.set({}, rule("r1", "1")),
        book.set({}, { stream: "a", plugin: "weather", hash: "1" }),
      ]);
      const pid = Deno.pid;
      assertEquals(await runningRules(folder), [
        { ...rule("r1", "1"), pid },
        { ...rule("r2", "2"), pid },
      ]);
      assertEquals(await runningStreams(folder), [
        { stream: "a", plugin: "weather", hash: "1", pid },
      ]);
      const [{ name }] = await Array.fromAsync(Deno.readDir(folder)) as [Deno.DirEntry];
      const r = (id: string, hash: string) =>
        `{"rule":"${id}","of":"sink","plugin":"shout","hash":"${hash}"}`;
      assertEquals(
        await Deno.readTextFile(join(folder, name)),
        `{"pid":${pid},"streams":[{"stream":"a","plugin":"weather","hash":"1"}],` +
          `"rules":[${r("r2", "2")},${r("r1", "1")},${r("r1", "1")}]}\n`,
      );
    }
    assertEquals(await runningRules(folder), []);
  }));

Deno.test("queries are seen beside rules, those over one stream with the same code once", () =>
  inFolder(async (folder) => {
    const query = { query: "a", of: "function", plugin: "twice", hash: "1" } as const;
    {
      await using book = new RunningBook(folder, refuse);
      const first = {};
      await book.set(first, query);
      await book.set({}, query);
      await book.set({}, { ...query, hash: "2" });
      const pid = Deno.pid;
      assertEquals(await runningQueries(folder), [
        { ...query, pid },
        { ...query, hash: "2", pid },
      ]);
      assertEquals([await runningRules(folder), await runningStreams(folder)], [[], []]);
      await book.delete(first);
      assertEquals((await runningQueries(folder)).length, 2);
    }
    assertEquals(await runningQueries(folder), []);
  }));

Deno.test("what a version wrote that knew streams alone has no rules", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(folder);
    using file = await Deno.open(join(folder, "older.json"), { write: true, createNew: true });
    await file.lock(true);
    const line = '{"pid":1,"streams":[{"stream":"a","plugin":"weather","hash":"1"}]}\n';
    await file.write(new TextEncoder().encode(line));
    assertEquals((await runningStreams(folder)).length, 1);
    assertEquals(await runningRules(folder), []);
  }));

Deno.test("what a killed process left behind counts no more and is removed", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(folder);
    const line = '{"pid":1,"streams":[{"stream":"a","plugin":"weather","hash":"1"}]}\n';
    await Deno.writeTextFile(join(folder, "left.json"), line);
    await Deno.writeTextFile(join(folder, "begun.tmp"), "");
    assertEquals(await runningStreams(folder), []);
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), [
      "begun.tmp",
    ]);
  }));

Deno.test("a stream runs on where nothing can be written, and why is said", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(folder, "no folder");
    const failures: unknown[] = [];
    await using book = new RunningBook(folder, (error) => void failures.push(error));
    await book.set({}, { stream: "a", plugin: "weather", hash: "1" });
    assertEquals(failures.length, 1);
    assertEquals(await runningStreams(folder), []);
  }));
