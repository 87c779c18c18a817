import { assert, assertEquals, assertRejects } from "@std/assert";
import { OpenedAhead } from "../../../src/app/opened_ahead.ts";
import type { SourceHost } from "../../../src/contract/mod.ts";

/** Hosts that say in `said` what becomes of them, each opened when `ready` is. */
function hosts(ready: Promise<void> = Promise.resolve()) {
  const said: string[] = [];
  let count = 0;
  const open = async (signal: AbortSignal): Promise<SourceHost> => {
    const name = ++count;
    said.push(`open ${name}`);
    const cut = Promise.withResolvers<void>();
    const onAbort = () => cut.reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    void ready.then(cut.resolve);
    try {
      await cut.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    return {
      start: () => {
        throw new Error("is not started here");
      },
      [Symbol.asyncDispose]: () => {
        said.push(`dispose ${name}`);
        return Promise.resolve();
      },
    };
  };
  return { said, open };
}

const NEVER = new AbortController().signal;

Deno.test("OpenedAhead opens at once, once for the first and anew for each after", async () => {
  const { said, open } = hosts();
  await using ahead = new OpenedAhead(open);
  assertEquals(said, ["open 1"]);
  await using first = await ahead.take(NEVER);
  assertEquals(said, ["open 1"]);
  await using second = await ahead.take(NEVER);
  assertEquals(said, ["open 1", "open 2"]);
  assert(first !== second);
});

Deno.test("OpenedAhead does not dispose of what was asked for", async () => {
  const asked = hosts();
  const ahead = new OpenedAhead(asked.open);
  const host = await ahead.take(NEVER);
  await ahead[Symbol.asyncDispose]();
  assertEquals(asked.said, ["open 1"]);
  await host[Symbol.asyncDispose]();
  assertEquals(asked.said, ["open 1", "dispose 1"]);
});

Deno.test("OpenedAhead disposes of a host that is ready and was not asked for", async () => {
  const { said, open } = hosts();
  let opened: Promise<SourceHost> | undefined;
  const ahead = new OpenedAhead((signal) => opened = open(signal));
  await opened;
  await Promise.all([ahead[Symbol.asyncDispose](), ahead[Symbol.asyncDispose]()]);
  assertEquals(said, ["open 1", "dispose 1"]);
});

Deno.test("OpenedAhead ends the opening with the signal of who asked, or when nobody has", async () => {
  const forever = new Promise<void>(() => {});
  const { open } = hosts(forever);
  const ahead = new OpenedAhead(open);
  const stop = new AbortController();
  const taken = ahead.take(stop.signal);
  stop.abort(new Error("told to stop"));
  await assertRejects(() => taken, Error, "told to stop");
  const late = new OpenedAhead(open);
  await assertRejects(() => late.take(stop.signal), Error, "told to stop");
  // Ends, although the host never opens.
  await new OpenedAhead(open)[Symbol.asyncDispose]();
});

Deno.test("OpenedAhead keeps a failure for who asks", async () => {
  const ahead = new OpenedAhead(() => Promise.reject(new Error("cannot be opened")));
  await assertRejects(() => ahead.take(NEVER), Error, "cannot be opened");
  await new OpenedAhead(() => Promise.reject(new Error("cannot be opened")))
    [Symbol.asyncDispose]();
});
