import { fail, parseDuration } from "../core/mod.ts";
import { isObject, type JsonFields } from "./json_fields.ts";

/** An option that eKuiper has and this version lacks. */
interface AbsentOption {
  /** Whether the value asks for nothing, so that it can be taken. */
  readonly isDefault: (value: unknown) => boolean;
  /** What is not here, as the beginning of a sentence. */
  readonly missing: string;
}

const isFalse = (value: unknown) => value === false;
const isEmptyText = (value: unknown) => value === "";
const is = (wanted: unknown) => (value: unknown) => value === wanted;

/** A duration that is one of `choicesMs`. */
function isDuration(...choicesMs: number[]): (value: unknown) => boolean {
  return (value) => {
    if (value === "") return true;
    try {
      return choicesMs.includes(parseDuration(value, ""));
    } catch {
      return false;
    }
  };
}

/** Nothing in it asks for anything: every field, however deep, is false, 0, "" or empty. */
function isIdle(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isIdle);
  if (isObject(value)) return Object.values(value).every(isIdle);
  return value === null || value === false || value === 0 || value === "";
}

const EVENT_TIME = "Event time";
const CHECKPOINTS = "A qos above 0, with checkpoints,";
const SCHEDULES = "A schedule of its own";

/** By name. Clients send eKuiper's options in full, so a default is taken and anything else refused. */
const ABSENT: Readonly<Record<string, AbsentOption>> = {
  logFilename: { isDefault: isEmptyText, missing: "A log file of its own" },
  isEventTime: { isDefault: isFalse, missing: EVENT_TIME },
  lateTolerance: { isDefault: isDuration(0, 1000), missing: EVENT_TIME },
  concurrency: { isDefault: is(1), missing: "More than one instance of a rule's operators" },
  qos: { isDefault: is(0), missing: CHECKPOINTS },
  checkpointInterval: { isDefault: isDuration(0, 300_000), missing: CHECKPOINTS },
  notifySub: { isDefault: isFalse, missing: "Notification of subscribers" },
  enableSaveStateBeforeStop: { isDefault: isFalse, missing: CHECKPOINTS },
  forceExitTimeout: { isDefault: isDuration(0), missing: "A deadline of its own" },
  experiment: { isDefault: isIdle, missing: "Every experiment" },
  planOptimizeStrategy: { isDefault: isIdle, missing: "A choice of the optimizer's steps" },
  cron: { isDefault: isEmptyText, missing: SCHEDULES },
  duration: { isDefault: isDuration(0), missing: SCHEDULES },
  cronDatetimeRange: { isDefault: isIdle, missing: SCHEDULES },
};

/** The names of these options. */
export const ABSENT_OPTIONS: readonly string[] = Object.keys(ABSENT);

/** @throws KuiperError `rule` for one of these options that asks for what is not here. */
export function refuseAbsentOptions(options: JsonFields): void {
  for (const [name, { isDefault, missing }] of Object.entries(ABSENT)) {
    const value = options.get(name);
    if (value === undefined || isDefault(value)) continue;
    const shown = typeof value === "object" ? "" : ` ${JSON.stringify(value)}`;
    throw fail(
      "rule",
      `${options.what}: ${missing} is not in this version, leave "${
        options.pathOf(name)
      }"${shown} out`,
    );
  }
}
