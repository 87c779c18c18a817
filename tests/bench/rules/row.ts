import { runChild, startChild } from "../child.ts";
import { judge, type Row } from "../measure.ts";
import { startBroker, subscribe } from "../mqtt/row.ts";
import type { ManyFigures } from "./many.ts";
import type { SharedFigures } from "./shared.ts";

const ROUNDS = 5;
const FLOW_ROWS = 5_000_000;
/** A reader that holds nothing needs no more than this for itself. */
const RULES = 8000;
const RATE = 800;
const SECONDS = 5;
const MESSAGES = 300_000;
const SHARED = { rules: 300, rate: 500, seconds: 10 };

/** Row F: rows in a second through a rule, against a bare loop over the same batches. */
export async function measureFlow(): Promise<Row[]> {
  const bare: number[] = [];
  const rule: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await runChild<number>("rules/flow.ts", ["bare", FLOW_ROWS]));
    rule.push(await runChild<number>("rules/flow.ts", ["rule", FLOW_ROWS]));
  }
  const note = `${FLOW_ROWS} rows in batches of 64, a projection of two fields; base: a bare ` +
    "for await that makes the same rows";
  return [
    judge({ row: "F", what: "source to nop through a rule", unit: "rows/s", note }, {
      atLeast: 0.1,
    }, { base: bare, measured: rule }),
  ];
}

/** Row H: what one more rule on a shared stream takes, and what many of them cost. */
export async function measureRules(): Promise<Row[]> {
  await using broker = await startBroker();
  const many = await manyRules(broker.url);
  const shared = await runChild<SharedFigures>("rules/shared.ts", Object.values(SHARED));
  const load = `${RULES} rules, ${RATE} messages a second for ${SECONDS} s: ${many.received} ` +
    `received, ${many.dropped} dropped, ${Math.round(many.rss)} MB`;
  const { rules, rate } = SHARED;
  const evaluations = `${rules} rules x ${rate} messages a second: ` +
    `p50 ${shared.p50} ms, p99 ${shared.p99} ms from source to sink, ${shared.dropped} dropped`;
  return [
    limited({ row: "H", what: "one more rule on a shared stream", unit: "KB", note: load }, {
      limit: 20,
      measured: many.kilobytes,
    }),
    limited({ row: "H", what: "from asking for a rule until it runs", unit: "ms" }, {
      limit: 20,
      measured: many.startMs,
    }),
    limited({
      row: "H",
      what: `${rules * rate} evaluations a second`,
      unit: "% of a CPU",
      note: evaluations,
    }, { limit: 100, measured: shared.cpu }),
  ];
}

/** Row R: what a message costs a rule that filters, against the mqtt client with an empty handler. */
export async function measureMqttRule(): Promise<Row[]> {
  await using broker = await startBroker();
  const bare: number[] = [];
  const sinks: Record<string, number[]> = { nop: [], file: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const { url } = broker;
    bare.push((await subscribe({ script: "mqtt/bare.ts", url, messages: MESSAGES })).cpuUs);
    for (const [sink, figures] of Object.entries(sinks)) {
      const args = { script: "rules/mqtt.ts", url, messages: MESSAGES, more: [sink] };
      figures.push((await subscribe(args)).cpuUs);
    }
  }
  const note = `SELECT * FROM demo WHERE temperature > 50, ${MESSAGES} messages of 100 bytes, of ` +
    `which half pass, ${broker.name}; base: the mqtt client with an empty handler`;
  return Object.entries(sinks).map(([sink, measured], i) =>
    judge(
      {
        row: "R",
        what: `mqtt to ${sink} through a rule`,
        unit: "us/msg",
        ...i > 0 ? {} : { note },
      },
      { atMost: 1.6 },
      { base: bare, measured },
    )
  );
}

/** A figure against a limit that does not depend on the machine. */
function limited(
  subject: Pick<Row, "row" | "what" | "unit" | "note">,
  { limit, measured }: { limit: number; measured: number },
): Row {
  return {
    ...subject,
    rule: `<= ${limit} ${subject.unit}`,
    limit,
    measured: Number(measured.toPrecision(3)),
    reached: measured <= limit,
  };
}

async function manyRules(url: string): Promise<ManyFigures> {
  await using child = startChild("rules/many.ts", [url, RULES]);
  await child.next<"subscribed">();
  await runChild("rules/steady.ts", [url, RATE, SECONDS]);
  await child.release();
  return await child.next<ManyFigures>();
}
