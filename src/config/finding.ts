import { fail, type KuiperError } from "../core/mod.ts";

/** Where something stands: a file with line and column (from 1), or a name such as an environment variable's. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One thing that a check has to say about the configuration. */
export interface Finding {
  /** An error refuses the configuration, a warning does not. */
  readonly severity: "error" | "warning";
  /** Where: `etc/kuiper.yaml:4:3`, or the name of an environment variable. */
  readonly where: string;
  /** One sentence: the thing, the value and the cure. */
  readonly message: string;
  /** The line that is meant, with a caret under the place. */
  readonly snippet?: string;
}

/** `etc/kuiper.yaml:4:3`, or just the name when there is no line. */
export function formatPlace(place: Place): string {
  if (place.line === undefined) return place.file;
  return `${place.file}:${place.line}:${place.column ?? 1}`;
}

/** `etc/kuiper.yaml:4:3: unknown key …`, with the snippet on lines of its own. */
export function formatFinding(finding: Finding): string {
  const snippet = finding.snippet === undefined ? "" : `\n${finding.snippet}`;
  return `${finding.where}: ${finding.message}${snippet}`;
}

/** A finding of severity `error`. */
export function errorAt(place: Place, message: string): Finding {
  return { severity: "error", where: formatPlace(place), message };
}

/** A finding of severity `warning`. */
export function warningAt(place: Place, message: string): Finding {
  return { severity: "warning", where: formatPlace(place), message };
}

/** Add findings, except about a place that something was said of already. */
export function addFindings(findings: Finding[], more: readonly Finding[]): void {
  const said = new Set(findings.map((finding) => finding.where));
  findings.push(...more.filter((finding) => !said.has(finding.where)));
}

/**
 * Refuse a configuration with errors among its findings.
 *
 * @throws KuiperError `config` with the first error; it says how many more there are.
 */
export function refuseErrors(findings: readonly Finding[]): void {
  const errors = findings.filter((finding) => finding.severity === "error");
  if (errors.length > 0) throw configError(errors as [Finding, ...Finding[]]);
}

function configError(errors: readonly [Finding, ...Finding[]]): KuiperError {
  const more = errors.length - 1;
  const rest = more === 0
    ? ""
    : ` (and ${more} more ${more === 1 ? "error" : "errors"}: "kuiper validate" lists all)`;
  const [{ snippet, ...first }] = errors;
  return fail(
    "config",
    formatFinding(first) + rest + (snippet === undefined ? "" : `\n${snippet}`),
  );
}
