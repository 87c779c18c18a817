import { assertEquals } from "@std/assert";
import { main } from "../../../src/cli/mod.ts";
import type { OpStatus } from "../../../src/rule/mod.ts";
import { FakeServer } from "../api/_rest.ts";
import { FakeIo } from "./fake_io.ts";

function opsOf(taken: number, sent: number): OpStatus[] {
  const op = (kind: "source" | "sink", id: string, counts: Partial<OpStatus["metrics"]>) => ({
    kind,
    id,
    instance: 0,
    metrics: {
      records_in_total: 0,
      records_out_total: 0,
      messages_processed_total: 0,
      process_latency_us: 0,
      buffer_length: 0,
      last_invocation: 0,
      exceptions_total: 0,
      last_exception: "",
      last_exception_time: 0,
      dropped_total: 0,
      ...counts,
    },
  });
  return [
    op("source", "source_demo", { records_in_total: taken, dropped_total: 2 }),
    op("sink", "sink_log_0", { records_out_total: sent, exceptions_total: 1 }),
  ];
}

function beside(server: FakeServer, columns?: number): FakeIo {
  const io = new FakeIo({
    ...(columns === undefined ? {} : { columns }),
    engine: { server: () => Promise.resolve("http://127.0.0.1:9081") },
  });
  io.serverSays = (request) => server.send(request);
  return io;
}

Deno.test("top does print a table once where stdout is no terminal", async () => {
  const server = new FakeServer();
  server.rules.set("calm", { state: "stopped", ops: opsOf(1, 1) });
  server.rules.set("busy", { state: "running", ops: opsOf(100, 40) });
  const io = beside(server);
  assertEquals(await main(["top"], io), 0);
  assertEquals(
    io.out,
    `rule  status   in/s  out/s   in  out  dropped  errors
busy  running               100   40        2       1
calm  stopped                 1    1        2       1
`,
  );
});

Deno.test("top does show rates on a terminal until it is stopped", async () => {
  const server = new FakeServer();
  server.rules.set("r", { state: "running", ops: opsOf(100, 40) });
  const io = beside(server, 100);
  const top = main(["top"], io);
  await io.until(({ out }) => out.includes("r     running"));
  server.rules.set("r", { state: "running", ops: opsOf(120, 45) });
  io.out = "";
  await io.clock.advance(2000);
  await io.until(({ out }) => out.includes("10.0    2.5  120   45"));
  io.signal("SIGINT");
  assertEquals(await top, 130);
});
