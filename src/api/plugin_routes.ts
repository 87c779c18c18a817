import { fail, oneOf } from "../core/mod.ts";
import { json, text } from "./answer.ts";
import type { RestApp } from "./rest_app.ts";
import type { Call, Handle, Route } from "./route.ts";
import { textField } from "./text_field.ts";

/** The kinds of plugins by the words of eKuiper's paths. */
const KINDS = { sources: "source", sinks: "sink", functions: "function" } as const;

const EXAMPLE = `{"name": "weather", "file": "https://example.org/weather.ts"}`;

/**
 * `/plugins` and what is below it. What changes plugins is refused unless the operator allowed it: what is fetched is
 * pinned with nobody looking at it.
 *
 * @param options.allowed whether it is: `basic.restPlugins`.
 */
export function pluginRoutes(app: RestApp, options: { allowed: boolean }): Route[] {
  const changing = (handle: Handle): Handle => (call) => {
    if (options.allowed) return handle(call);
    throw fail(
      "denied",
      "Plugins are not changed over REST here: use kuiper plugin add, update or remove on the " +
        'server\'s machine, or allow it in etc/kuiper.yaml with "basic: {restPlugins: true}"',
    );
  };
  return [
    {
      path: "/plugins/:kind",
      methods: {
        async GET(call) {
          const kind = kindOf(call);
          const plugins = await app.listPlugins();
          return json(plugins.filter((one) => one.of === kind).map(({ name }) => name));
        },
        POST: changing(async (call) => {
          const kind = kindOf(call);
          const body = await call.body();
          const name = textField(body, { name: "name", example: EXAMPLE });
          const url = textField(body, { name: "file", example: EXAMPLE });
          await app.installPlugin({ of: kind, name, url, replace: false });
          return text(`${call.param("kind")} plugin ${name} is created`, 201);
        }),
      },
    },
    {
      path: "/plugins/:kind/:name",
      methods: {
        GET: async (call) => json(await found(app, call)),
        PUT: changing(async (call) => {
          const url = textField(await call.body(), { name: "file", example: EXAMPLE });
          const { name } = await found(app, call);
          await app.installPlugin({ of: kindOf(call), name, url, replace: true });
          return text(`${call.param("kind")} plugin ${name} is updated`);
        }),
        DELETE: changing(async (call) => {
          const { name } = await found(app, call);
          const unreadable = (await app.removePlugin(name)).map((said) => app.mask(said));
          return text(
            [`${call.param("kind")} plugin ${name} is deleted`, ...unreadable].join("; "),
          );
        }),
      },
    },
  ];
}

type Kind = (typeof KINDS)[keyof typeof KINDS];

function kindOf(call: Call): Kind {
  const word = call.param("kind");
  if (Object.hasOwn(KINDS, word)) return KINDS[word as keyof typeof KINDS];
  throw fail(
    "not_found",
    `There are no plugins of the kind "${word}", expected ${oneOf(Object.keys(KINDS))}`,
  );
}

async function found(app: RestApp, call: Call) {
  const [kind, name] = [kindOf(call), call.param("name")];
  return await app.describePlugin(name, kind);
}
