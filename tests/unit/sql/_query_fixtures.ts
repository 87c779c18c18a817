import type {
  FunctionLookup,
  HostedFunction,
  ScalarFunction,
  SqlFunction,
} from "../../../src/contract/mod.ts";
import type { CreateStream, PrepareOptions } from "../../../src/sql/mod.ts";
import { parseStatement } from "../../../src/sql/mod.ts";

const scalar = (face: Partial<ScalarFunction> & { name: string }): ScalarFunction => ({
  kind: "scalar",
  group: "other",
  doc: "",
  args: [],
  returns: "any",
  deterministic: true,
  nulls: "pass",
  call: () => null,
  ...face,
});

const hosted: HostedFunction = {
  kind: "hosted",
  name: "geo",
  group: "other",
  doc: "",
  args: [{ name: "x", types: ["any"] }],
  returns: "any",
  deterministic: true,
  callBatch: (rows) => Promise.resolve(rows.map(() => null)),
};

const FUNCTIONS: readonly SqlFunction[] = [
  scalar({
    name: "abs",
    args: [{ name: "x", types: ["bigint", "float"] }],
    returns: ([type]) => type ?? "any",
  }),
  scalar({ name: "meta", args: [{ name: "key", types: ["any"] }] }),
  scalar({ name: "now", returns: "bigint", deterministic: false }),
  scalar({ name: "newuuid", returns: "string", deterministic: false }),
  hosted,
];

/** A few functions of each kind, as the checker sees them. */
export const functions: FunctionLookup = {
  get: (name) => FUNCTIONS.find((one) => one.name === name),
  names: () => FUNCTIONS.map(({ name }) => name),
};

const STREAMS = [
  `CREATE STREAM demo (
     id BIGINT, name STRING, temperature FLOAT, tags ARRAY(STRING), place STRUCT(site STRING)
   ) WITH (DATASOURCE="demo")`,
  'CREATE STREAM open () WITH (DATASOURCE="open")',
  'CREATE STREAM `plant/#` () WITH (DATASOURCE="plant/#")',
  'CREATE STREAM shared (a BIGINT) WITH (DATASOURCE="s", SHARED="true")',
].map((text) => parseStatement(text) as CreateStream);

/** Streams with a schema, without one, and a shared one. */
export const prepareOptions: PrepareOptions = {
  stream: (name) => STREAMS.find((stream) => stream.name === name),
  streamNames: STREAMS.map(({ name }) => name),
  functions,
};
