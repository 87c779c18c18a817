import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { type Clock, type Json, KuiperError } from "../../../src/core/mod.ts";
import { DataLock } from "../../../src/store/data_lock.ts";
import { lockedAddress, lockHolder, openStore } from "../../../src/store/mod.ts";
import { ioError } from "../../../src/store/io_error.ts";

const OWNER = { owner: "kuiper test" };

/** A directory for data, which goes with the end of the test. */
async function tempData(): Promise<{ dir: string } & AsyncDisposable> {
  const parent = await Deno.makeTempDir();
  return {
    dir: join(parent, "data"),
    [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }),
  };
}

const DEMO = { name: "demo", statement: "CREATE STREAM demo () WITH ()", created: 1 };

// -- Definitions --

Deno.test("StreamStore does keep definitions from one process to the next", async () => {
  await using data = await tempData();
  {
    await using store = await openStore(data.dir, OWNER);
    store.streams.put(DEMO);
    store.streams.put({ name: "a", statement: "…✓ 'quoted'", created: 2 });
  }
  await using store = await openStore(data.dir, OWNER);
  assertEquals(store.streams.list(), [{ name: "a", statement: "…✓ 'quoted'", created: 2 }, DEMO]);
  assertEquals(store.streams.get("demo"), DEMO);
  assertEquals(store.streams.get("Demo"), undefined);
  assertEquals(store.streams.remove("demo"), true);
  assertEquals(store.streams.remove("demo"), false);
  assertEquals(store.streams.get("demo"), undefined);
});

Deno.test("StreamStore.put() does refuse a name that is taken, unless it is to be replaced", async () => {
  await using data = await tempData();
  await using store = await openStore(data.dir, OWNER);
  store.streams.put(DEMO);
  const error = assertThrows(() => store.streams.put({ ...DEMO, statement: "x" }), KuiperError);
  assertEquals(error.code, "exists");
  assertEquals(store.streams.get("demo"), DEMO);
  store.streams.put({ ...DEMO, statement: "y" }, { replace: true });
  assertEquals(store.streams.get("demo")?.statement, "y");
});

// -- State --

Deno.test("StateStore.save() does put, delete and keep what it does not name", async () => {
  await using data = await tempData();
  await using store = await openStore(data.dir, OWNER);
  store.state.save("s/op/0", { put: { a: 1, b: [null, { c: "x" }], __proto__x: true }, offset: 7 });
  store.state.save("s/op/0", { put: { a: 2 }, deleted: ["b", "gone"] });
  assertEquals(store.state.load("s/op/0"), { a: 2, __proto__x: true });
  assertEquals(store.state.offset("s/op/0"), 7);
  store.state.save("s/op/0", { offset: null });
  assertEquals(store.state.offset("s/op/0"), null);
  assertEquals(store.state.load("s/op/1"), {});
  assertEquals(store.state.offset("s/op/1"), undefined);
});

Deno.test("StateStore.save() does store all of an update or nothing of it", async () => {
  await using data = await tempData();
  await using store = await openStore(data.dir, OWNER);
  store.state.save("s", { put: { a: 1 }, offset: 1 });
  const cycle: Json[] = [];
  cycle.push(cycle);
  assertThrows(() => store.state.save("s", { put: { a: 2, b: cycle }, offset: 2 }), KuiperError);
  assertThrows(() => store.state.save("s", { put: { a: 3 }, offset: cycle }), KuiperError);
  assertEquals(store.state.load("s"), { a: 1 });
  assertEquals(store.state.offset("s"), 1);
  store.state.save("s", { put: { a: 4 } });
  assertEquals(store.state.load("s"), { a: 4 });
});

Deno.test("StateStore.remove() does forget a scope with what is below it and nothing else", async () => {
  await using data = await tempData();
  await using store = await openStore(data.dir, OWNER);
  const scopes = ["a_", "a_/op/0", "a_/op/1", "a_b/op/0", "ab/op/0", "A_/op/0"];
  for (const scope of scopes) store.state.save(scope, { put: { k: scope }, offset: scope });
  store.state.remove("a_");
  assertEquals(scopes.filter((scope) => store.state.offset(scope) !== undefined), scopes.slice(3));
  assertEquals(scopes.filter((scope) => "k" in store.state.load(scope)), scopes.slice(3));
});

Deno.test("StateStore does give back any JSON under any key", async () => {
  await using data = await tempData();
  await using store = await openStore(data.dir, OWNER);
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(
      fc.dictionary(text, fc.jsonValue(), { noNullPrototype: true }),
      text,
      (put, scope) => {
        store.state.remove(scope);
        store.state.save(scope, { put: put as Record<string, Json> });
        assertEquals(store.state.load(scope) as unknown, JSON.parse(JSON.stringify(put)));
      },
    ),
    { numRuns: 30 },
  );
});

// -- One owner --

Deno.test("openStore() does refuse a second owner and name the first", async () => {
  await using data = await tempData();
  {
    await using _store = await openStore(data.dir, { owner: "kuiper run demo" });
    const error = await assertRejects(() => openStore(data.dir, OWNER), KuiperError);
    assertEquals(error.code, "busy");
    assertEquals(
      error.message,
      `Cannot use ${data.dir}: process ${Deno.pid} ("kuiper run demo") is using it, stop that ` +
        "process or choose another base directory with --base",
    );
  }
  await using _again = await openStore(data.dir, OWNER);
});

Deno.test("openStore() does let others look while one owns it", async () => {
  await using data = await tempData();
  {
    await using nothing = await openStore(data.dir, { ...OWNER, readOnly: true });
    assertEquals(nothing.streams.list(), []);
    await assertRejects(() => Deno.stat(data.dir), Deno.errors.NotFound);
  }
  await using store = await openStore(data.dir, OWNER);
  store.streams.put(DEMO);
  await using reader = await openStore(data.dir, { ...OWNER, readOnly: true });
  assertEquals(reader.streams.list(), [DEMO]);
  assertThrows(() => reader.streams.remove("demo"), KuiperError, "only be read");
  assertEquals(store.streams.list(), [DEMO]);
});

Deno.test("Store.announce() does say where the server is, as long as it owns the directory", async () => {
  await using data = await tempData();
  const lock = join(data.dir, "lock");
  assertEquals(await lockedAddress(lock), undefined);
  const store = await openStore(data.dir, OWNER);
  assertEquals(await lockedAddress(lock), undefined);
  await store.announce("http://127.0.0.1:9081");
  assertEquals(await lockedAddress(lock), "http://127.0.0.1:9081");
  assertEquals(await lockHolder(lock), `process ${Deno.pid} ("kuiper test")`);
  const left = await Deno.readTextFile(lock);
  await store[Symbol.asyncDispose]();
  assertEquals(await lockedAddress(lock), undefined);
  await Deno.writeTextFile(lock, left);
  assertEquals(await lockedAddress(lock), undefined, "a server that was killed");
});

Deno.test("openStore() does find nothing in a file whose maker was killed before its first word", async () => {
  await using data = await tempData();
  await Deno.mkdir(data.dir);
  await Deno.writeFile(join(data.dir, "kuiper.db"), new Uint8Array(0));
  await using reader = await openStore(data.dir, { ...OWNER, readOnly: true });
  assertEquals(reader.streams.list(), []);
});

Deno.test("Store is disposed twice without harm", async () => {
  await using data = await tempData();
  const store = await openStore(data.dir, OWNER);
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await using _again = await openStore(data.dir, OWNER);
});

Deno.test("Store does survive kill -9 with everything that was acknowledged", async () => {
  await using data = await tempData();
  let acknowledged = 0;
  for (const lines of [1, 40, 7]) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", fromFileUrl(new URL("./_writer.ts", import.meta.url)), data.dir],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const errors = new Response(child.stderr).text();
    const names: string[] = [];
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      names.push(...parts);
      if (names.length >= lines) {
        const second = await assertRejects(() => openStore(data.dir, OWNER), KuiperError);
        assertStringIncludes(second.message, `process ${child.pid} ("kuiper test writer")`);
        child.kill("SIGKILL");
        break;
      }
    }
    const status = await child.status;
    assertEquals(status.signal, "SIGKILL", await errors);
    await errors;

    await using store = await openStore(data.dir, OWNER);
    const stored = store.streams.list();
    const kept = new Set(stored.map((stream) => stream.name));
    assertEquals(names.filter((name) => !kept.has(name)), []);
    for (const { name, created } of stored) {
      const n = store.state.load(name)["n"];
      // The last definition may have come before its state.
      assert(n === created || (n === undefined && !names.includes(name)), name);
      if (n !== undefined) assertEquals(store.state.offset(name), { at: n });
      store.streams.remove(name);
    }
    acknowledged += names.length;
    using db = new DatabaseSync(join(data.dir, "kuiper.db"), { readOnly: true });
    assertEquals(db.prepare("PRAGMA integrity_check").get(), { integrity_check: "ok" });
  }
  assert(acknowledged >= 48);
});

// -- What can go wrong --

Deno.test("openStore() does refuse a database of a newer version and leave it alone", async () => {
  await using data = await tempData();
  await Deno.mkdir(data.dir);
  const path = join(data.dir, "kuiper.db");
  {
    using db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 999");
  }
  const error = await assertRejects(() => openStore(data.dir, OWNER), KuiperError);
  assertEquals(error.code, "io");
  assertStringIncludes(error.message, "a newer version of Kuiper made it (schema 999");
  using db = new DatabaseSync(path);
  assertEquals(db.prepare("PRAGMA user_version").get(), { user_version: 999 });
});

Deno.test("openStore() does name the cure for a damaged file and give the lock back", async () => {
  await using data = await tempData();
  await Deno.mkdir(data.dir);
  const path = join(data.dir, "kuiper.db");
  await Deno.writeTextFile(path, "this is no database ".repeat(500));
  const error = await assertRejects(() => openStore(data.dir, OWNER), KuiperError);
  assertEquals(error.code, "io");
  assertEquals(
    error.message,
    `Cannot open ${path}: the file is damaged, move it away or restore a copy of it ` +
      "(file is not a database)",
  );
  assertEquals((await Deno.readTextFile(path)).slice(0, 19), "this is no database");
  await Deno.rename(path, `${path}.old`);
  await using _store = await openStore(data.dir, OWNER);
});

Deno.test("openStore() does refuse a file in the place of its directory", async () => {
  await using data = await tempData();
  await Deno.writeTextFile(data.dir, "");
  const error = await assertRejects(() => openStore(data.dir, OWNER), KuiperError);
  assertEquals(error.code, "io");
  assertStringIncludes(error.message, `Cannot make the directory ${data.dir}`);
});

Deno.test("ioError() does name the cure for what SQLite and the system say", () => {
  using db = new DatabaseSync(":memory:");
  db.exec("PRAGMA max_page_count = 2");
  const full = assertThrows(() =>
    db.exec("CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x)")
  );
  const cases: [unknown, string][] = [
    [full, "the disk is full"],
    [new Error("No space left on device (os error 28)"), "the disk is full"],
    [new Error("attempt to write a readonly database"), "can only be read"],
    [new Deno.errors.PermissionDenied("Permission denied (os error 13)"), "not permitted"],
    [new Deno.errors.NotCapable('Requires write access to "data"'), "not permitted"],
    [new Error("disk I/O error"), "the disk does not work"],
    [new Error("something else"), "Cannot write data: something else"],
  ];
  for (const [error, cure] of cases) {
    const said = ioError(error, "write data");
    assertEquals(said.code, "io");
    assertStringIncludes(said.message, cure);
    assertEquals(said.cause, error);
  }
});

// -- DataLock --

Deno.test("DataLock.take() waits for a holder that is brief, and for two seconds at most", async () => {
  await using data = await tempData();
  await Deno.mkdir(data.dir);
  const path = join(data.dir, "lock");
  const first = await DataLock.take(path, "kuiper drop stream a", { brief: true });
  let slept = 0;
  const clock: Clock = {
    now: () => slept,
    sleep(ms) {
      slept += ms;
      return Promise.resolve();
    },
  };
  const late = await assertRejects(
    () => DataLock.take(path, "kuiper run b", { clock }),
    KuiperError,
  );
  assertStringIncludes(late.message, '("kuiper drop stream a") is using it');
  assertEquals(slept, 2000);
  slept = 0;
  const release: Clock = {
    now: () => slept,
    async sleep(ms) {
      slept += ms;
      if (slept === 3 * ms) await first[Symbol.asyncDispose]();
    },
  };
  await using _second = await DataLock.take(path, "kuiper run b", { clock: release });
  assertEquals(slept, 75);
  // Who runs is not waited for.
  slept = 0;
  const busy = await assertRejects(
    () => DataLock.take(path, "kuiper create stream c", { brief: true, clock }),
    KuiperError,
  );
  assertStringIncludes(busy.message, '("kuiper run b") is using it');
  assertEquals(slept, 0);
});

// -- Rules --

const R1 = {
  id: "r1",
  definition: '{"id":"r1"}',
  stream: "demo",
  wanted: "running",
  created: 1,
  updated: 1,
} as const;

Deno.test("RuleStore does keep definitions and what is wanted of them", async () => {
  await using data = await tempData();
  {
    await using store = await openStore(data.dir, OWNER);
    store.rules.add(R1);
    store.rules.add({ ...R1, id: "a", stream: "other" });
    assertThrows(() => store.rules.add(R1), KuiperError, 'Rule "r1" exists already');
    assertEquals(store.rules.want("r1", "stopped"), true);
    assertEquals(store.rules.want("none", "stopped"), false);
  }
  await using store = await openStore(data.dir, OWNER);
  assertEquals(store.rules.list().map(({ id, wanted }) => [id, wanted]), [
    ["a", "running"],
    ["r1", "stopped"],
  ]);
  const { created: _, ...changed } = { ...R1, definition: "{}", updated: 5 };
  assertEquals(store.rules.replace(changed), true);
  assertEquals(store.rules.replace({ ...changed, id: "none" }), false);
  assertEquals(store.rules.get("r1"), { ...changed, created: 1 });
  assertEquals(store.rules.readersOf("demo"), ["r1"]);
  assertEquals([store.rules.remove("r1"), store.rules.remove("r1")], [true, false]);
  assertEquals(store.rules.get("r1"), undefined);
});
