import { type ConfigInput, loadSinkConfig, type SinkFields } from "../config/mod.ts";
import { inlineSinkHost, type Props, type SinkHost, type SourceFailure } from "../contract/mod.ts";
import { fail, type KuiperError, nearest, oneOf } from "../core/mod.ts";
import type { RuleAction } from "../rule/mod.ts";
import { refuseOwnFiles } from "./refuse_own_files.ts";
import { BUILTIN_SINKS, type BuiltinSink } from "../sink/mod.ts";

/** A sink, found and configured, but not started. */
export interface PreparedSink {
  readonly type: string;
  readonly common: SinkFields;
  readonly props: Props;
  /** Open what runs its instances; `signal` ends the loading of a plugin. */
  openHost(signal: AbortSignal): Promise<SinkHost>;
  /** The sentence for a failure. */
  explain(failure: SourceFailure): KuiperError;
}

/** Finds and configures sinks. */
export class Sinks {
  readonly #input: ConfigInput;

  constructor(input: ConfigInput) {
    this.#input = input;
  }

  /**
   * Find and configure the sink of an action.
   *
   * @param what how sentences call the action: `rule "r1", actions[0].mqtt`.
   * @throws KuiperError `not_found` with the nearest names, `config` for a property that is wrong.
   */
  async prepare(action: RuleAction, what: string): Promise<PreparedSink> {
    const { type } = action;
    const builtin = this.#find(type, what);
    const config = await loadSinkConfig({
      ...this.#input,
      type,
      props: { ...action.props },
      what,
    });
    if (type === "file" && typeof config.props.path === "string") {
      await refuseOwnFiles(config.props.path, { paths: this.#input.paths, what });
    }
    return {
      type,
      common: config.common,
      props: config.props,
      openHost: () => Promise.resolve(inlineSinkHost(() => builtin.make(), builtin.takes)),
      explain: (failure) => this.#explain(failure, what),
    };
  }

  #find(type: string, what: string): BuiltinSink {
    const builtin = Object.hasOwn(BUILTIN_SINKS, type) ? BUILTIN_SINKS[type] : undefined;
    if (builtin !== undefined) return builtin;
    const names = Object.keys(BUILTIN_SINKS);
    const [meant] = nearest(type, names, 1);
    const cure = meant === undefined
      ? `there is ${oneOf(names, "and")}`
      : `did you mean "${meant}"?`;
    throw fail("not_found", `${what}: there is no sink "${type}", ${cure}`);
  }

  #explain(failure: SourceFailure, what: string): KuiperError {
    const { secrets } = this.#input;
    const message = secrets.mask(failure.message);
    const cause = new Error(message);
    cause.name = failure.name;
    if (failure.stack !== undefined) cause.stack = secrets.mask(failure.stack);
    const code = failure.name === "NotCapable" ? "denied" : "sink";
    return fail(code, `${what} failed in ${failure.step}: ${message}`, cause);
  }
}
