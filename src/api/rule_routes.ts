import { fail, type Json, KuiperError } from "../core/mod.ts";
import type { RuleDefinition } from "../rule/mod.ts";
import { maskSecrets } from "../sql/mod.ts";
import { json, refusal, text } from "./answer.ts";
import { flatStatus } from "./flat_status.ts";
import type { RestApp } from "./rest_app.ts";
import type { Call, Route } from "./route.ts";

/** `/rules` and what is below it. */
export function ruleRoutes(app: RestApp): Route[] {
  const status = async (call: Call) =>
    json(flatStatus(await (await app.rules).status(call.param("id"))));
  return [
    {
      path: "/rules",
      methods: {
        GET: async () => json(await (await app.rules).list()),
        async POST(call) {
          const body = unmasked(await call.body());
          const { id } = await ofBody((await app.rules).create(body));
          return text(`Rule ${id} was created successfully.`, 201);
        },
      },
    },
    { path: "/rules/validate", methods: { POST: (call) => validate(app, call) } },
    {
      path: "/rules/status/all",
      methods: {
        async GET() {
          const all = Object.entries(await (await app.rules).statusAll());
          return json(Object.fromEntries(all.map(([id, one]) => [id, flatStatus(one)])));
        },
      },
    },
    {
      path: "/rules/:id",
      methods: {
        GET: async (call) => json(shown(await (await app.rules).get(call.param("id")))),
        async PUT(call) {
          const body = unmasked(await call.body());
          const rules = await app.rules;
          // The path is wrong before the body is.
          await rules.get(call.param("id"));
          const { id } = await ofBody(rules.update(call.param("id"), body));
          return text(`Rule ${id} was updated successfully.`);
        },
        async DELETE(call) {
          await (await app.rules).drop(call.param("id"));
          return text(`Rule ${call.param("id")} is dropped.`);
        },
      },
    },
    { path: "/rules/:id/status", methods: { GET: status } },
    { path: "/v2/rules/:id/status", methods: { GET: status } },
    {
      path: "/rules/:id/start",
      methods: {
        async POST(call) {
          const id = call.param("id");
          const changed = await (await app.rules).start(id);
          return text(changed ? `Rule ${id} was started` : `Rule ${id} is running already`);
        },
      },
    },
    {
      path: "/rules/:id/stop",
      methods: {
        async POST(call) {
          const id = call.param("id");
          const changed = await (await app.rules).stop(id);
          return text(changed ? `Rule ${id} was stopped.` : `Rule ${id} is not running`);
        },
      },
    },
    {
      path: "/rules/:id/restart",
      methods: {
        async POST(call) {
          await (await app.rules).restart(call.param("id"));
          return text(`Rule ${call.param("id")} was restarted`);
        },
      },
    },
    {
      path: "/rules/:id/topo",
      methods: { GET: async (call) => json(await (await app.rules).topo(call.param("id"))) },
    },
    {
      path: "/rules/:id/explain",
      methods: { GET: async (call) => text(await (await app.rules).explain(call.param("id"))) },
    },
  ];
}

/** A stream or sink that a body names and that is not there makes the rule wrong: the path is there. */
async function ofBody<T>(made: Promise<T>): Promise<T> {
  try {
    return await made;
  } catch (error) {
    if (!(error instanceof KuiperError) || error.code !== "not_found") throw error;
    throw fail("rule", error.message, error);
  }
}

/** 200 for a good rule, 422 for one that is wrong, 400 for a body that is none. */
async function validate(app: RestApp, call: Call): Promise<Response> {
  const body = await call.body();
  try {
    const sources = await (await app.rules).validate(body);
    return json({ valid: true, sources });
  } catch (error) {
    const expected = error instanceof KuiperError ? error.domain !== "internal" : isSql(error);
    if (!expected) throw error;
    const message = app.mask((error as Error).message);
    return refusal({ status: 422, error: 4000, message, more: { valid: false } });
  }
}

function isSql(error: unknown): boolean {
  return error instanceof SyntaxError && "code" in error && error.code === "sql";
}

/** eKuiper's form of a definition, with secrets masked. */
function shown(rule: RuleDefinition): Record<string, unknown> {
  const { actions, options, ...rest } = rule;
  const { restartStrategy, ...others } = options;
  return {
    ...rest,
    actions: actions.map(({ type, props }) => ({ [type]: maskSecrets(props as Json) })),
    options: {
      ...others,
      restartStrategy: {
        attempts: restartStrategy.attempts,
        delay: restartStrategy.delayMs,
        multiplier: restartStrategy.multiplier,
        maxDelay: restartStrategy.maxDelayMs,
        jitterFactor: restartStrategy.jitterFactor,
      },
    },
  };
}

/** The body, unless it has a secret as GET shows it: storing that would lose the secret. */
function unmasked(body: unknown): unknown {
  const key = maskedKey(body);
  if (key === undefined) return body;
  throw fail(
    "usage",
    `"${key}" is masked in the body, write the secret or \${env:NAME} in its place`,
  );
}

function maskedKey(value: unknown, key = "body"): string | undefined {
  if (value === "******") return key;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, field] of Object.entries(value)) {
    const found = maskedKey(field, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
