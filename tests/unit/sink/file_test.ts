import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { inlineSinkHost, type SinkInstance, type SinkItem } from "../../../src/contract/mod.ts";
import type { Clock, Row } from "../../../src/core/mod.ts";
import { ENDLESS, HeldClock } from "../../fakes/mod.ts";
import { FileSink } from "../../../src/sink/file.ts";

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "kuiper_file_sink_" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function open(
  props: Record<string, unknown>,
  clock?: Clock,
  lines: string[] = [],
): Promise<SinkInstance & AsyncDisposable> {
  const host = inlineSinkHost(() => Promise.resolve(new FileSink(clock)), "rows");
  const spec = { props, ruleId: "r", opId: "sink_file_0", instanceId: 0 };
  const instance = host.start(spec, {
    log: (level, line) => lines.push(`${level} ${line}`),
    status: () => {},
  });
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

Deno.test("FileSink writes a row of one empty field so that a reader of csv sees it", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.csv");
  {
    await using sink = await open({ path, fileType: "csv" });
    await sink.collect(items({ a: "" }, { a: 1 }, { a: null }));
  }
  assertEquals(await Deno.readTextFile(path), '""\n1\n""\n');
});

Deno.test("FileSink takes the columns of CSV from the first row that has fields", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.csv");
  await using sink = await open({ path, fileType: "csv", hasHeader: true });
  await sink.collect(items({}));
  await sink.collect(items({}, { a: 1, b: 2 }, {}, { b: 3 }));
  assertEquals(await Deno.readTextFile(path), "a,b\n1,2\n,\n,3\n");
});

Deno.test("FileSink has no more columns of CSV than a row should be long", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.csv");
  const lines: string[] = [];
  await using sink = await open({ path, fileType: "csv" }, undefined, lines);
  const wide = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`c${i}`, 1]));
  await sink.collect(items(wide, {}));
  assertEquals(
    await Deno.readTextFile(path),
    `${"1,".repeat(999)}1\n${",".repeat(999)}\n`,
  );
  assertStringIncludes(lines[0]!, 'the field "c1000" of a row is not written');
});

Deno.test("FileSink says once for each file of CSV that a field is no column", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.csv");
  const lines: string[] = [];
  await using sink = await open({ path, fileType: "csv" }, undefined, lines);
  await sink.collect(items({ a: 1, b: 2 }, { a: 3 }));
  assertEquals(lines, []);
  await sink.collect(items({ a: 4, b: 5, c: 6 }, { d: 7 }));
  await sink.collect(items({ d: 8 }));
  assertEquals(lines, [
    `warn ${path} has the columns of its first row, a, b: the field "c" of a row is not written, nor is any other ` +
    "that is none of them; select the same fields for each row, or write lines",
  ]);
});

Deno.test("FileSink writes large rows in several texts, and refuses one that no text can hold", async () => {
  await using dir = await folder();
  const large = (a: number): Row => ({ a, b: "x".repeat(3_000_000) });
  const rows = [large(1), large(2), { a: 3, b: ENDLESS }, large(4), { a: 5, b: "" }];
  for (const fileType of ["lines", "json", "csv"]) {
    const path = join(dir.path, fileType);
    {
      await using sink = await open({ path, fileType, hasHeader: true });
      assertEquals(
        await sink.collect([...rows.map((message) => ({ message })), ...items(...rows)]),
        {
          kind: "taken",
          refused: [2, 5].map((index) => ({
            index,
            message: "a row of it is longer than a text can be",
          })),
        },
      );
    }
    const text = await Deno.readTextFile(path);
    const written = fileType === "json"
      ? (JSON.parse(text) as Row[]).map(({ a }) => a)
      : text.trimEnd().split("\n").map((line) =>
        fileType === "csv" ? line.split(",")[0] : JSON.parse(line).a
      );
    const numbers = [1, 2, 4, 5, 1, 2, 4, 5];
    assertEquals(written, fileType === "csv" ? ["a", ...numbers.map(String)] : numbers);
  }
});

Deno.test("FileSink says how many items it has written when the disk is full before the others", async () => {
  await using dir = await folder();
  const whole = Deno.FsFile.prototype.write;
  await using sink = await open({ path: join(dir.path, "out") });
  const large = (a: number): SinkItem => ({ message: [{ a, b: "x".repeat(3_000_000) }] });
  let calls = 0;
  Deno.FsFile.prototype.write = function (bytes) {
    return ++calls === 3 ? Promise.reject(new Error("the disk is full")) : whole.call(this, bytes);
  };
  try {
    const result = await sink.collect([large(1), ...items({ a: 2 }, { a: 3 }), large(4), large(5)]);
    assertEquals(result.kind === "failed" && result.settled, { count: 3, refused: [] });
  } finally {
    Deno.FsFile.prototype.write = whole;
  }
});

Deno.test("FileSink leaves no half row behind when the disk is full", async () => {
  await using dir = await folder();
  const whole = Deno.FsFile.prototype.write;
  /** As on a disk that takes 3 bytes more. */
  const full = async function (this: Deno.FsFile, bytes: Uint8Array<ArrayBuffer>) {
    Deno.FsFile.prototype.write = () => Promise.reject(new Error("No space left on device"));
    return await whole.call(this, bytes.subarray(0, 3));
  };
  const texts: Record<string, string> = {
    lines: '{"a":1}\n{"a":3}\n',
    csv: "a\n1\n3\n",
    json: '[\n{"a":1},\n{"a":3}\n]\n',
  };
  for (const [fileType, text] of Object.entries(texts)) {
    for (const first of [[{ a: 1 }], []]) {
      const path = join(dir.path, `${first.length}.${fileType}`);
      await using sink = await open({ path, fileType, hasHeader: true });
      if (first.length > 0) await sink.collect(items(...first));
      try {
        Deno.FsFile.prototype.write = full;
        const { kind } = await sink.collect(items({ a: 2000 }));
        assertEquals(kind, "failed");
      } finally {
        Deno.FsFile.prototype.write = whole;
      }
      await sink.collect(items(...first.length > 0 ? [] : [{ a: 1 }], { a: 3 }));
      assertEquals(await Deno.readTextFile(path), text);
    }
  }
});

/** Name and text of each file, sorted by name. */
async function filesIn(path: string): Promise<[string, string][]> {
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  return await Promise.all(
    names.map(async (name): Promise<[string, string]> => [
      name,
      await Deno.readTextFile(join(path, name)),
    ]),
  );
}

Deno.test("FileSink writes one JSON array, whole after each batch and over runs", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.json");
  const written: Row[] = [];
  for (let run = 0; run < 3; run++) {
    await using sink = await open({ path, fileType: "json" });
    for (let batch = 0; batch < 2; batch++) {
      assertEquals(JSON.parse(await Deno.readTextFile(path)), written);
      const rows = [{ run, batch, text: "ä]" }, { run, batch, nested: [[]] }];
      written.push(...rows);
      assertEquals(await sink.collect(items(...rows)), { kind: "taken", refused: [] });
      assertEquals(JSON.parse(await Deno.readTextFile(path)), written);
    }
  }
});

Deno.test("FileSink goes on with a JSON array that others wrote, and leaves what is none", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.json");
  for (
    const [before, after] of [
      ["[]", [{ a: 1 }]],
      ["[ ]\n", [{ a: 1 }]],
      ["[1]", [1, { a: 1 }]],
      ['[{"b": []}\n]  \n', [{ b: [] }, { a: 1 }]],
    ] as const
  ) {
    await Deno.writeTextFile(path, before);
    await using sink = await open({ path, fileType: "json" });
    await sink.collect(items({ a: 1 }));
    assertEquals(JSON.parse(await Deno.readTextFile(path)), after);
  }
  await Deno.writeTextFile(path, "no array");
  const error = await assertRejects(() => open({ path, fileType: "json" }), Error);
  assertEquals(error.message.includes("does not end as a JSON array does"), true);
  assertEquals(await Deno.readTextFile(path), "no array");
});

Deno.test("FileSink leaves a whole array behind when the disk is full", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.json");
  await using sink = await open({ path, fileType: "json" });
  const whole = Deno.FsFile.prototype.write;
  for (const rows of [[], [{ a: 1 }]]) {
    if (rows.length > 0) await sink.collect(items(...rows));
    try {
      Deno.FsFile.prototype.write = async function (bytes) {
        Deno.FsFile.prototype.write = () => {
          Deno.FsFile.prototype.write = whole;
          return Promise.reject(new Error("No space left on device"));
        };
        return await whole.call(this, bytes.subarray(0, 3));
      };
      assertEquals((await sink.collect(items({ a: 2000 }))).kind, "failed");
    } finally {
      Deno.FsFile.prototype.write = whole;
    }
    assertEquals(JSON.parse(await Deno.readTextFile(path)), rows);
  }
});

Deno.test("FileSink refuses a JSON array that another sink writes", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.json");
  await Deno.symlink(path, join(dir.path, "other.json"));
  const other = { path: join(dir.path, "other.json"), fileType: "json" };
  {
    await using sink = await open({ path, fileType: "json" });
    await sink.collect(items({ a: 1 }));
    const message = "is written by another sink, and a JSON array can have one writer";
    for (let i = 0; i < 2; i++) await assertRejects(() => open(other), Error, message);
    await sink.collect(items({ a: 2 }));
  }
  {
    await using sink = await open(other);
    await sink.collect(items({ a: 3 }));
  }
  assertEquals(JSON.parse(await Deno.readTextFile(path)), [{ a: 1 }, { a: 2 }, { a: 3 }]);
});

Deno.test("FileSink names a path that is a folder", async () => {
  await using dir = await folder();
  for (const fileType of ["lines", "json"]) {
    await assertRejects(
      () => open({ path: dir.path, fileType }),
      Error,
      `Cannot open ${dir.path}: it is a folder, give the path of a file in it`,
    );
  }
});

Deno.test("FileSink begins the next file at rollingCount, and loses no row within a millisecond", async () => {
  const clock = new HeldClock();
  clock.time = Date.UTC(2026, 0, 31);
  for (const fileType of ["lines", "csv", "json"]) {
    await using dir = await folder();
    {
      const props = { path: join(dir.path, "out.txt"), fileType, rollingCount: 2 };
      await using sink = await open(props, clock);
      await sink.collect(items({ a: 1 }, { a: 2 }, { a: 3 }));
      await sink.collect(items({ a: 4 }, { a: 5 }));
    }
    const files = await filesIn(dir.path);
    assertEquals(files.map(([name]) => name), [
      "out-2026-01-31T00-00-00-000-1.txt",
      "out-2026-01-31T00-00-00-000-2.txt",
      "out-2026-01-31T00-00-00-000.txt",
    ]);
    const rows = [files[2]!, files[0]!, files[1]!].map(([, text]) => text.match(/\d/g)!.join(""));
    assertEquals(rows, ["12", "34", "5"]);
  }
});

Deno.test("FileSink begins the next file when the time is over though nothing comes", async () => {
  await using dir = await folder();
  const clock = new HeldClock();
  // The check has been made when the next one is slept for.
  const check = async () => {
    await clock.wake();
    await clock.asleep();
  };
  {
    const props = {
      path: join(dir.path, "out.txt"),
      rollingInterval: "1h",
      checkInterval: "59m",
    };
    await using sink = await open(props, clock);
    await sink.collect(items({ a: 1 }));
    await check();
    await sink.collect(items({ a: 2 }));
    await check();
    assertEquals((await filesIn(dir.path)).map(([, text]) => text), ['{"a":1}\n{"a":2}\n', ""]);
    await check();
    await check();
  }
  assertEquals((await filesIn(dir.path)).length, 2, "an empty file is gone on with");
});

Deno.test("FileSink.configure() names the property that is wrong", () => {
  for (
    const [props, message] of [
      [{}, '"path" is missing, expected the path of a file'],
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

Deno.test("FileSink opens no file again once it is closed", async () => {
  await using dir = await folder();
  const path = join(dir.path, "out.json");
  const first = await open({ path, fileType: "json" });
  await first.collect(items({ a: 1 }));
  await first.close(1000);
  const late = await first.collect(items({ a: 2 }));
  assertEquals(late.kind, "failed");
  // A JSON array has one writer: it would be taken.
  await using second = await open({ path, fileType: "json" });
  assertEquals(await second.collect(items({ a: 3 })), { kind: "taken", refused: [] });
  assertEquals(JSON.parse(await Deno.readTextFile(path)), [{ a: 1 }, { a: 3 }]);
});
