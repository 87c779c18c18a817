import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { RunningStreams, runningStreams } from "../../../src/store/mod.ts";

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
      await using book = new RunningStreams(folder, refuse);
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
    await using book = new RunningStreams(folder, (error) => void failures.push(error));
    await book.set({}, { stream: "a", plugin: "weather", hash: "1" });
    assertEquals(failures.length, 1);
    assertEquals(await runningStreams(folder), []);
  }));
