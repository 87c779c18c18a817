import type { RuleStatus } from "../rule/mod.ts";
import { fail } from "../core/mod.ts";
import { headers, json, refusal, text } from "./answer.ts";
import { metricsText } from "./metrics_text.ts";
import type { RestApp } from "./rest_app.ts";
import type { Route } from "./route.ts";

/** What the server says of itself, and how it is stopped. */
export interface SystemOptions {
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly now: () => number;
  /** Begins a graceful stop; absent where nobody may do that over REST. */
  readonly stop?: () => void;
}

/** `/`, `/ping`, `/ready`, `/metrics`, `/stop`. */
export function systemRoutes(app: RestApp, options: SystemOptions): Route[] {
  const about = async () =>
    json({
      version: options.version,
      os: Deno.build.os,
      arch: Deno.build.arch,
      upTimeSeconds: Math.max(0, Math.floor((options.now() - options.startedAt) / 1000)),
      cpuUsage: await cpuSince(options),
      memoryUsed: `${Deno.memoryUsage().rss}`,
    });
  return [
    { path: "/", methods: { GET: about, POST: about } },
    { path: "/ping", methods: { GET: () => text("") } },
    {
      path: "/ready",
      methods: {
        async GET() {
          const reasons = unready(await (await app.rules).statusAll());
          if (reasons.length === 0) return json({ ready: true });
          const message = `Not ready: ${reasons.slice(0, 3).join("; ")}${
            reasons.length > 3 ? ` and ${reasons.length - 3} more` : ""
          }`;
          return refusal({ status: 503, error: 1003, message, more: { ready: false, reasons } });
        },
      },
    },
    {
      path: "/metrics",
      methods: {
        async GET() {
          const rules = await (await app.rules).statusAll();
          const figures = { rssBytes: Deno.memoryUsage().rss, startedAt: options.startedAt };
          const type = "text/plain; version=0.0.4; charset=utf-8";
          return new Response(inPieces(metricsText(rules, figures)), { headers: headers(type) });
        },
      },
    },
    {
      path: "/stop",
      methods: {
        // By GET, as eKuiper allows, a picture in a page would stop it.
        POST() {
          if (options.stop === undefined) {
            throw fail(
              "denied",
              "This server is open to others and has no tokens, stop its process",
            );
          }
          options.stop();
          return text("stop success");
        },
      },
    },
  ];
}

/** Share of a core that the program took on average since it started: "12.34%", and above 100% with more threads. */
async function cpuSince({ now, startedAt }: SystemOptions): Promise<string> {
  // Loaded when somebody asks: it takes memory of every server otherwise.
  const { user, system } = (await import("node:process")).cpuUsage();
  const milliseconds = Math.max(1, now() - startedAt);
  return `${((user + system) / 1000 / milliseconds * 100).toFixed(2)}%`;
}

/** What keeps the server from being ready: a running rule, or one that should run, without a connection. */
export function unready(rules: Readonly<Record<string, RuleStatus>>): string[] {
  return Object.entries(rules).flatMap(([id, { state, message, ops }]) => {
    const rule = `rule "${id}"`;
    if (state === "starting") return [`${rule} is starting${message === "" ? "" : `: ${message}`}`];
    if (state !== "running") return [];
    return ops.filter(({ metrics }) => (metrics.connection_status ?? 1) !== 1)
      .map(({ id, metrics }) => {
        const why = metrics.connection_last_disconnected_message ?? "";
        return `${rule}: ${id} is not connected${why === "" ? "" : ` (${why})`}`;
      });
  });
}

/** A few thousand rules make megabytes of text: it is made as it is read. */
function inPieces(texts: Iterator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      let piece = "";
      while (piece.length < 64 * 1024) {
        const next = texts.next();
        if (next.done) {
          if (piece !== "") controller.enqueue(encoder.encode(piece));
          return controller.close();
        }
        piece += next.value;
      }
      controller.enqueue(encoder.encode(piece));
    },
  });
}
