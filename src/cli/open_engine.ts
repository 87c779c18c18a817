import { LOG_LEVELS } from "../core/mod.ts";
import type { Call, Flag } from "./command.ts";
import type { Engine } from "./engine.ts";

/** For the commands that start plugins. */
export const FROZEN_FLAG: Flag = {
  name: "frozen",
  value: "all",
  doc: "run plugins from files, too, only as kuiper.lock pins them (kuiper plugin pin)",
};

/**
 * Open the application as the common flags ask for it.
 *
 * @param options.quiet log only warnings and errors, unless asked for more: for commands that are over at once. Others
 * log as etc/kuiper.yaml says.
 * @param options.checkOnly open also when etc/kuiper.yaml is wrong.
 * `--frozen` counts where a command has it.
 *
 * @throws KuiperError `usage` for an unknown log level, `config` for a wrong configuration.
 */
export async function openEngine(
  { terminal, flags }: Pick<Call, "terminal" | "flags">,
  options: { quiet?: boolean; checkOnly?: boolean } = {},
): Promise<Engine> {
  const { io } = terminal;
  const base = flags.text("base");
  const asked = flags.choice("log-level", LOG_LEVELS);
  const frozen = flags.choice("frozen", ["all"]);
  let level = asked ?? "warn";
  const engine = await io.openEngine({
    env: { ...io.env },
    log: terminal.logger(() => level),
    ...(base === undefined ? {} : { base }),
    ...(frozen === undefined ? {} : { frozen }),
    ...(options.checkOnly === true ? { checkOnly: true } : {}),
  });
  if (asked === undefined && options.quiet !== true) level = engine.config.basic.logLevel;
  return engine;
}
