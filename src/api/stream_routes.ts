import { fail } from "../core/mod.ts";
import { type CreateStream, parseStatement, printStatement } from "../sql/mod.ts";
import { json, text } from "./answer.ts";
import type { RestApp } from "./rest_app.ts";
import type { Call, Route } from "./route.ts";
import { schemaJson, streamJson } from "./stream_json.ts";
import { textField } from "./text_field.ts";

const EXAMPLE = `{"sql": "CREATE STREAM demo () WITH (DATASOURCE=\\"demo\\")"}`;

/** `/streams` and what is below it. */
export function streamRoutes(app: RestApp): Route[] {
  return [
    {
      path: "/streams",
      methods: {
        GET: async () => json(await app.streamNames()),
        POST: async (call) => await execute(app, await sqlOf(call)),
      },
    },
    {
      path: "/streamdetails",
      methods: {
        async GET() {
          const details = (await app.streamNames()).map(async (name) => {
            const { type, format } = (await app.stream(name)).options;
            return { name, type, format };
          });
          return json(await Promise.all(details));
        },
      },
    },
    {
      path: "/streams/:name",
      methods: {
        async GET(call) {
          return describe(await app.stream(call.param("name")));
        },
        async PUT(call) {
          const statement = parseStatement(await sqlOf(call));
          const name = call.param("name");
          if (statement.kind !== "create_stream") {
            throw fail("usage", `"sql" is no CREATE STREAM, expected ${EXAMPLE}`);
          }
          if (statement.name !== name) {
            const other = `The statement creates stream "${statement.name}"`;
            throw fail("usage", `${other}, expected "${name}", the name in the path`);
          }
          await app.replaceStream(statement);
          return text(`Stream ${name} is replaced.`);
        },
        async DELETE(call) {
          const force = ["1", "t", "true"].includes(call.query.get("force")?.toLowerCase() ?? "");
          await app.dropStream(call.param("name"), { force });
          return text(`Stream ${call.param("name")} is dropped.`);
        },
      },
    },
    {
      path: "/streams/:name/schema",
      methods: {
        GET: async (call) => json(schemaJson(await app.stream(call.param("name")))),
      },
    },
  ];
}

async function sqlOf(call: Call): Promise<string> {
  return textField(await call.body(), { name: "sql", example: EXAMPLE });
}

/** eKuiper runs any statement on streams that is posted. */
async function execute(app: RestApp, sql: string): Promise<Response> {
  const statement = parseStatement(sql);
  switch (statement.kind) {
    case "create_stream":
      await app.createStream(statement);
      return text(`Stream ${statement.name} is created.`, 201);
    case "show_streams":
      return json(await app.streamNames());
    case "describe_stream":
      return describe(await app.stream(statement.name));
    case "drop_stream":
      await app.dropStream(statement.name);
      return text(`Stream ${statement.name} is dropped.`);
  }
}

/** eKuiper's form, and the statement that says the same. */
function describe(stream: CreateStream): Response {
  return json({ ...streamJson(stream), Statement: printStatement(stream) });
}
