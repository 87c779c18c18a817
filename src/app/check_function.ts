import {
  asKuiperError,
  fail,
  formatDuration,
  isEqual,
  KuiperError,
  showValue,
  type Value,
} from "../core/mod.ts";
import { describeGrant, type WorkerHost } from "../loader/mod.ts";
import { sampleValues } from "./check_samples.ts";
import {
  type CheckContext,
  type CheckOptions,
  exportStep,
  foundText,
  isFileTarget,
  loadText,
  step,
} from "./check_step.ts";

/** Rows of the batch that is tried. */
const BATCH = 256;

type Args = readonly Value[];
type Answer = Value | Error;

/** Load a function and call it as a query would: with values of each type, with nulls, again, and for a whole batch. */
export async function checkFunction(
  options: CheckOptions,
  context: CheckContext,
): Promise<boolean> {
  const { report, sources } = context;
  const { target } = options;
  const loading = new AbortController();
  const found = await step("find", report, async () => {
    const found = isFileTarget(target)
      ? await sources.finder.findFile(target)
      : await sources.finder.findFunction(target);
    if (found === undefined) {
      throw fail(
        "not_found",
        `There is no function "${target}" of a plugin; looked in ${
          sources.finder.foldersOf("function").map(({ display }) => display).join(" and ")
        } and etc/plugins.yaml; its name has small letters, digits and "_"`,
      );
    }
    const hold = await sources.settings.holdOf(found, { role: "function", operatorProps: {} });
    const grant = describeGrant(hold.permissions);
    return [{ plugin: found, hold }, foundText(found, { files: undefined, grant })];
  });
  if (found === undefined) return false;
  const loaded = await step("load", report, async () => {
    const started = performance.now();
    const { plugin, hold } = found;
    const host = await sources.isolates.open(plugin, {
      role: "function",
      signal: loading.signal,
      hold,
    });
    return [host, loadText(hold.entry.isolation, started)];
  });
  if (loaded === undefined) return false;
  await using host = loaded;
  report(exportStep(host.info));
  return await tryCalls(host, found.plugin.type, { options, context });
}

async function tryCalls(
  host: WorkerHost,
  name: string,
  { options, context: { report } }: { options: CheckOptions; context: CheckContext },
): Promise<boolean> {
  const given = options.args;
  const rows = given === undefined ? sampleRows(host.info.parameters ?? 1) : [given];
  const first = await step("call", report, async () => {
    const answers = await host.call(rows);
    return [answers, callText(name, { rows, answers, given: given !== undefined })];
  });
  if (first === undefined) return false;
  const width = Math.max(...rows.map((args) => args.length));
  const nulls = await step("null", report, async () => {
    const [answer] = await host.call([Array(width).fill(null)]);
    // A function may refuse null; a permission that it lacks is another matter.
    if (isDenied(answer)) throw answer;
    return [
      true,
      answer instanceof Error
        ? `refused, so that a row without the value is dropped: ${reasonOf(answer, name)}`
        : `gives ${showValue(answer!)}`,
    ];
  });
  if (nulls === undefined) return false;
  const again = await step("again", report, async () => {
    const answers = await host.call(rows);
    const same = answers.every((answer, i) => sameAnswer(answer, first[i]!));
    const text = same
      ? "the same arguments gave the same results"
      : "the same arguments gave other results: a query calls it for every row";
    return [true, text];
  });
  if (again === undefined) return false;
  const batch = await step("batch", report, async () => {
    const started = performance.now();
    await host.call(Array.from({ length: BATCH }, (_, i) => rows[i % rows.length]!));
    return [true, `${BATCH} rows, ${formatDuration(performance.now() - started)}`];
  });
  return batch !== undefined;
}

/** A call with each value in the place of every parameter; one without any where there is none. */
function sampleRows(parameters: number): Args[] {
  if (parameters === 0) return [[]];
  return Object.values(sampleValues()).map((value) => Array<Value>(parameters).fill(value));
}

/**
 * What the calls gave, one a line.
 *
 * @throws KuiperError `module` when what it gave is no value, a permission was denied, or nothing was answered.
 */
function callText(
  name: string,
  { rows, answers, given }: { rows: readonly Args[]; answers: readonly Answer[]; given: boolean },
): string {
  const denied = answers.find(isDenied);
  if (denied !== undefined) throw denied;
  const lines = answers.map((answer, i) => {
    const call = `${name}(${rows[i]!.map(showValue).join(", ")})`;
    return answer instanceof Error
      ? `${call} refused: ${reasonOf(answer, name)}`
      : `${call} = ${showValue(answer)}`;
  });
  const refused = answers.filter((answer) => answer instanceof Error);
  const wrong = refused.find((answer) => NO_VALUE.test(asKuiperError(answer).message));
  if (wrong !== undefined) {
    throw fail(
      "module",
      [
        "it gave what is no value of SQL: give null, a boolean, number, bigint, string, Uint8Array, Date, an " +
        "array or a plain object",
        ...lines,
      ].join("\n"),
    );
  }
  if (refused.length === answers.length) {
    const cure = given ? "" : `: say with which it can be called with --args '[…]'`;
    throw fail("module", [`it refused every call${cure}`, ...lines].join("\n"));
  }
  const some = refused.length === 0 ? "" : `, ${refused.length} of them refused`;
  const calls = answers.length === 1 ? "1 call" : `${answers.length} calls`;
  return [`${calls}${some}`, ...lines].join("\n");
}

/** How the isolate says that a result is none: what no query could go on with. */
const NO_VALUE = /, which is no value of SQL$/;

function isDenied(answer: Answer | undefined): answer is KuiperError {
  return answer instanceof KuiperError && answer.code === "denied";
}

/** What the function itself said. */
function reasonOf(error: Error, name: string): string {
  const before = `Function "${name}" failed: `;
  return error.message.startsWith(before) ? error.message.slice(before.length) : error.message;
}

/** An error is the same whatever it says. */
function sameAnswer(a: Answer, b: Answer): boolean {
  if (a instanceof Error || b instanceof Error) return a instanceof Error && b instanceof Error;
  return a === b || isEqual(a, b) === true;
}
