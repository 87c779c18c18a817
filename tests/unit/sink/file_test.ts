import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { inlineSinkHost, type SinkInstance } from "../../../src/contract/mod.ts";
import type { Row } from "../../../src/core/mod.ts";
import { FileSink } from "../../../src/sink/file.ts";

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "kuiper_file_sink_" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function open(props: Record<string, unknown>): Promise<SinkInstance & AsyncDisposable> {
  const host = inlineSinkHost(() => Promise.resolve(new FileSink()), "rows");
  const spec = { props, ruleId: "r", opId: "sink_file_0", instanceId: 0 };
  const instance = host.start(spec, { log: () => {}, status: () => {} });
  const failure = await instance.opened;
  if (failure !== undefined) throw new Error(failure.message);
  return Object.assign(instance, { [Symbol.asyncDispose]: () => instance.close(1000) });
}

const items = (...rows: Row[]) => [{ message: rows }];

Deno.test("FileSink appends lines of JSON, over runs", async () => {
  await using dir = await folder();
  const path = join(dir.path, "deep", "out.ndjson");
  for (const a of [1, 2]) {
    await using sink = await open({ path });
    assertEquals(await sink.collect(items({ a }, { b: "x\ny" })), { kind: "taken", refused: [] });
  }
  const line = '{"b":"x\\ny"}\n';
  assertEquals(await Deno.readTextFile(path), `{"a":1}\n${line}{"a":2}\n${line}`);
});

Deno.test("FileSink writes CSV with one header, quoting what needs it", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.csv");
  for (let i = 0; i < 2; i++) {
    await using sink = await open({ path, fileType: "csv", hasHeader: true });
    await sink.collect(items({ a: 1, b: 'x,"y"' }, { b: null, a: 2.5, c: "left out" }));
  }
  const rows = '1,"x,""y"""\n2.5,\n';
  assertEquals(await Deno.readTextFile(path), `a,b\n${rows}${rows}`);
});

Deno.test("FileSink writes one JSON array", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.json");
  {
    await using sink = await open({ path, fileType: "json" });
    await sink.collect(items({ a: 1 }));
    await sink.collect(items({ a: 2 }));
  }
  assertEquals(JSON.parse(await Deno.readTextFile(path)), [{ a: 1 }, { a: 2 }]);
});

Deno.test("FileSink begins the next file at rollingCount, and loses no row", async () => {
  await using dir = await folder();
  {
    await using sink = await open({ path: join(dir.path, "out.ndjson"), rollingCount: 2 });
    await sink.collect(items({ a: 1 }, { a: 2 }, { a: 3 }));
    // Names hold milliseconds: the third file must not be the second.
    await sink.collect(items({ a: 4 }, { a: 5 }));
  }
  const names = [...Deno.readDirSync(dir.path)].map(({ name }) => name).sort();
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(join(dir.path, name))));
  const rows = texts.join("").trim().split("\n").map((line) => JSON.parse(line).a).sort();
  assertEquals(rows, [1, 2, 3, 4, 5]);
});

Deno.test("FileSink.configure() names the property that is wrong", () => {
  for (
    const [props, message] of [
      [{}, '"path" is undefined, expected the path of a file'],
      [{ path: "a", fileType: "xml" }, '"fileType" is "xml", expected "lines", "json" or "csv"'],
      [
        { path: "a", rollingCount: -1 },
        '"rollingCount" is -1, expected a whole number, 0 for never',
      ],
    ] as const
  ) {
    assertThrows(() => new FileSink().configure(props), TypeError, message);
  }
});

Deno.test("FileSink says that a file cannot be opened", async () => {
  await using dir = await folder();
  await assertRejects(() => open({ path: dir.path }), Error, `Cannot open ${dir.path}`);
});
