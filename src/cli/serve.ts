import { fail, messageOf } from "../core/mod.ts";
import { readBuildInfo } from "./build_info.ts";
import type { Call, Command } from "./command.ts";
import type { Engine } from "./engine.ts";
import { interruptible } from "./interruptible.ts";
import { FROZEN_FLAG, openEngine } from "./open_engine.ts";
import { count } from "./summary.ts";

/** `kuiper serve`. */
export const command: Command = {
  words: "serve",
  usage: [""],
  about:
    `Run the rules and serve REST, until it is stopped: Ctrl-C (or SIGTERM) stops gracefully within
basic.gracefulShutdownTimeout, twice at once. It owns data/: the rules that ran when it stopped
run again, and the other commands speak to it. It listens on basic.restIp:restPort of
etc/kuiper.yaml, 127.0.0.1:9081 unless that says otherwise.`,
  flags: [FROZEN_FLAG],
  examples: [
    ["kuiper serve", "serve on 127.0.0.1:9081"],
    ["KUIPER__BASIC__RESTPORT=9082 kuiper serve", "on another port"],
    ["kuiper create rule -f rule.json", "from another terminal"],
  ],
  run: (call) => interruptible(call, (stop) => serve(call, stop)),
};

async function serve(call: Call, stop: AbortSignal): Promise<number> {
  const { terminal } = call;
  await using engine = await openEngine(call);
  const { rest } = engine.config.basic;
  const { createRest, isLoopback, listen, refuseOpenBinding } = await import("../api/mod.ts");
  const hasTokens = Object.keys(rest.tokens).length > 0;
  const { ip, port, insecure } = rest;
  // Before anything is started.
  refuseOpenBinding({ ip, hasTokens, hasTls: rest.tls !== undefined, insecure });
  const tls = await readTls(rest.tls);
  const { version } = await readBuildInfo();
  await engine.own("kuiper serve");

  const closing = new AbortController();
  const stopped = Promise.withResolvers<void>();
  const onStop = () => stopped.resolve();
  stop.addEventListener("abort", onStop, { once: true });
  if (stop.aborted) onStop();
  const log = terminal.logger(() => engine.config.basic.logLevel);
  const { clock } = terminal.io;
  const handler = createRest(engine, {
    settings: rest,
    log,
    version,
    startedAt: clock.now(),
    now: () => clock.now(),
    signal: closing.signal,
    ...(hasTokens || isLoopback(ip) ? { stop: onStop } : {}),
  });
  {
    await using server = listen(handler, {
      ip,
      port,
      ...(tls === undefined ? {} : { tls }),
      hasTokens,
      insecure,
      log,
    });
    await engine.announce(server.address);
    terminal.note(`serving on ${server.address}${await summary(engine)}`);
    // REST answers and a signal stops meanwhile: a rule that starts slowly keeps nobody waiting.
    engine.startRules().catch(stopped.reject);
    if (!isLoopback(ip) && !(hasTokens && tls !== undefined)) {
      terminal.warn(`${ip} is served ${hasTokens ? "without TLS" : "without authentication"}`);
    }
    await stopped.promise;
    closing.abort();
  }
  terminal.note("the server is stopped");
  return 0;
}

async function summary(engine: Engine): Promise<string> {
  const streams = (await engine.streamNames()).length;
  const rules = (await (await engine.rules).list()).length;
  return `, ${count(streams, "stream")}, ${count(rules, "rule")}`;
}

async function readTls(
  tls: Engine["config"]["basic"]["rest"]["tls"],
): Promise<{ cert: string; key: string } | undefined> {
  if (tls === undefined) return undefined;
  const read = async (path: string, key: string) => {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      throw fail(
        "config",
        `Cannot read basic.restTls.${key} "${path}": ${messageOf(error)}`,
        error,
      );
    }
  };
  return { cert: await read(tls.certfile, "certfile"), key: await read(tls.keyfile, "keyfile") };
}
