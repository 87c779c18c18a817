import { assertEquals, assertThrows } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { DEFAULT_RULE_OPTIONS, parseRule } from "../../../src/rule/parse_rule.ts";

const R1 = { id: "r1", sql: "SELECT * FROM demo", actions: [{ log: {} }] };

function refused(json: unknown, options?: { id: string }): string {
  const error = assertThrows(() => parseRule(json, options), KuiperError);
  assertEquals(error.code, "rule");
  return error.message;
}

Deno.test("parseRule() does complete a rule that says the least", () => {
  assertEquals(parseRule(R1), {
    id: "r1",
    name: "",
    sql: "SELECT * FROM demo",
    actions: [{ type: "log", props: {} }],
    options: DEFAULT_RULE_OPTIONS,
    triggered: true,
    tags: [],
    version: "",
  });
});

Deno.test("parseRule() does take everything that a rule may say", () => {
  const rule = parseRule({
    ...R1,
    name: "First",
    actions: [{ mqtt: { server: "tcp://a" }, nop: {} }, { mqtt: { server: "tcp://b" } }],
    options: {
      debug: true,
      bufferLength: 5,
      overflow: "drop_newest",
      sendMetaToSink: true,
      sendNilField: true,
      sendError: true,
      restartStrategy: {
        attempts: 3,
        delay: "2s",
        multiplier: 1.5,
        maxDelay: 9000,
        jitterFactor: 0,
      },
    },
    triggered: false,
    tags: ["a", "b"],
    version: "2",
    temp: false,
    graph: null,
  });
  assertEquals(rule.actions.map((action) => action.type), ["mqtt", "nop", "mqtt"]);
  assertEquals(rule.options, {
    debug: true,
    bufferLength: 5,
    overflow: "drop_newest",
    sendMetaToSink: true,
    sendNilField: true,
    sendError: true,
    restartStrategy: {
      attempts: 3,
      delayMs: 2000,
      multiplier: 1.5,
      maxDelayMs: 9000,
      jitterFactor: 0,
    },
  });
  assertEquals([rule.name, rule.triggered, rule.tags, rule.version], [
    "First",
    false,
    ["a", "b"],
    "2",
  ]);
});

Deno.test("parseRule() lets a delay be longer than the most that holds without it, but not than one that is said", () => {
  const strategy = (restartStrategy: object) =>
    parseRule({ ...R1, options: { restartStrategy } }).options.restartStrategy;
  assertEquals(strategy({ delay: "1m" }).maxDelayMs, 60_000);
  assertEquals(strategy({ delay: 10 }).maxDelayMs, 30_000);
  assertEquals(strategy({ delay: "1m", maxDelay: "5s" }).maxDelayMs, 5000);
});

Deno.test("parseRule() does take eKuiper's options at their defaults", () => {
  const options = {
    logFilename: "",
    isEventTime: false,
    lateTolerance: "1s",
    concurrency: 1,
    qos: 0,
    checkpointInterval: "5m0s",
    notifySub: false,
    enableSaveStateBeforeStop: false,
    forceExitTimeout: 0,
    experiment: { useSliceTuple: false },
    planOptimizeStrategy: { enableIncrementalWindow: false, optimizeControl: null },
    cron: "",
    duration: "",
    cronDatetimeRange: [],
    disableBufferFullDiscard: false,
  };
  assertEquals(parseRule({ ...R1, options }).options, DEFAULT_RULE_OPTIONS);
});

Deno.test("parseRule() does say which of eKuiper's options are not here", () => {
  const cases: [object, string][] = [
    [
      { isEventTime: true },
      'Rule "r1": Event time is not in this version, leave "options.isEventTime" true out',
    ],
    [
      { qos: 1 },
      'Rule "r1": A qos above 0, with checkpoints, is not in this version, leave "options.qos" 1 out',
    ],
    [
      { cron: "1 * * * *" },
      'Rule "r1": A schedule of its own is not in this version, leave "options.cron" "1 * * * *" out',
    ],
    [
      { planOptimizeStrategy: { enableIncrementalWindow: true } },
      'Rule "r1": A choice of the optimizer\'s steps is not in this version, leave ' +
      '"options.planOptimizeStrategy" out',
    ],
  ];
  for (const [options, message] of cases) assertEquals(refused({ ...R1, options }), message);
  assertEquals(
    refused({ ...R1, graph: {} }),
    'Rule "r1": A "graph" in place of SQL is not in this version, write "sql" and "actions"',
  );
});

Deno.test("parseRule() does name the path of an unknown key and the nearest one", () => {
  assertEquals(
    refused({ ...R1, options: { restartStrategy: { atempts: 1 } } }),
    'Rule "r1": unknown key "options.restartStrategy.atempts", did you mean ' +
      '"options.restartStrategy.attempts"?',
  );
  assertEquals(
    refused({ ...R1, action: [] }),
    'Rule "r1": unknown key "action", did you mean "actions"?',
  );
});

Deno.test("parseRule() does say what a value is and what was expected", () => {
  const cases: [object, string][] = [
    [{ sql: "" }, 'Rule "r1": "sql" is missing, say what it is'],
    [{ sql: 5 }, 'Rule "r1": "sql" is 5, expected a text'],
    [{ triggered: "yes" }, 'Rule "r1": "triggered" is "yes", expected true or false'],
    [{ actions: [] }, 'Rule "r1": "actions" is empty, name a sink such as {"log": {}}'],
    [{ actions: {} }, 'Rule "r1": "actions" is an object, expected a list'],
    [
      { actions: [{ log: null }] },
      'Rule "r1": "actions[0].log" is no object of the sink\'s properties, write {} for none',
    ],
    [
      { actions: [{ log: { a: [1n] } }] },
      'Rule "r1": "actions[0].log".a[0] is a bigint, expected JSON',
    ],
    [{ tags: [""] }, 'Rule "r1": "tags[0]" is no text of 1 to 256 characters'],
    [{ options: [] }, 'Rule "r1": "options" is an array, expected an object'],
    [
      { options: { bufferLength: 0 } },
      'Rule "r1": "options.bufferLength" is 0, expected a whole number from 1 to 10000000',
    ],
    [
      { options: { overflow: "block" } },
      'Rule "r1": "options.overflow" is "block", expected "wait", "drop_oldest" or "drop_newest"',
    ],
    [
      { options: { restartStrategy: { delay: "soon" } } },
      'Rule "r1": "options.restartStrategy.delay" is "soon", expected milliseconds such as 500, or ' +
      'a text with units such as "10s"',
    ],
  ];
  for (const [change, message] of cases) assertEquals(refused({ ...R1, ...change }), message);
  assertEquals(refused([]), 'The rule is no JSON object, expected {"id": …}');
});

Deno.test("parseRule() does read disableBufferFullDiscard as overflow wait", () => {
  const options = { disableBufferFullDiscard: true };
  assertEquals(parseRule({ ...R1, options }).options.overflow, "wait");
  assertEquals(
    refused({ ...R1, options: { ...options, overflow: "drop_oldest" } }),
    'Rule "r1": "options.overflow" is "drop_oldest" and "options.disableBufferFullDiscard" is ' +
      'true, which is "wait": leave one of the two out',
  );
});

Deno.test("parseRule() does take an id that can stand in a URL and a log line, and no other", () => {
  for (const id of ["r1", "Regel ü", "a.b-c_d:e", "规则", "x".repeat(128)]) {
    assertEquals(parseRule({ ...R1, id }).id, id);
  }
  for (
    const id of ["", "..", ".", "a/b", "a\\b", "a\nb", "a\u202eb", " a", "a?", "x".repeat(129), 7]
  ) {
    refused({ ...R1, id });
  }
  assertEquals(parseRule({ ...R1, id: undefined }, { id: "other" }).id, "other");
  assertEquals(
    refused(R1, { id: "other" }),
    'Rule "other": "id" is "r1", leave it out or say the same',
  );
});
