import { assertEquals, assertNotEquals } from "@std/assert";
import { fileStamp } from "../../../src/app/file_stamp.ts";

Deno.test("fileStamp() is another text when a file has changed or another has taken its place, and else the same", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kuiper_stamp_" });
  const path = `${folder}/plugins.yaml`;
  try {
    assertEquals(await fileStamp(path), "");
    await Deno.writeTextFile(path, "a: 1\n");
    const first = await fileStamp(path);
    assertEquals(await fileStamp(path), first);
    await Deno.writeTextFile(path, "a: 12\n");
    const longer = await fileStamp(path);
    assertNotEquals(longer, first);
    // Of the same length, and as old: it lies somewhere else.
    await Deno.writeTextFile(`${path}.tmp`, "a: 21\n");
    const { atime, mtime } = await Deno.stat(path);
    await Deno.utime(`${path}.tmp`, atime!, mtime!);
    await Deno.rename(`${path}.tmp`, path);
    assertNotEquals(await fileStamp(path), longer);
    await Deno.remove(path);
    assertEquals(await fileStamp(path), "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
