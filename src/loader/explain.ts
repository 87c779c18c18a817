/**
 * What went wrong in an isolate, in the author's places and with what the operator can do about it.
 *
 * @module
 */
import { fail, type KuiperError } from "../core/mod.ts";
import type { SourceEnd, SourceFailure } from "../contract/mod.ts";
import { denialSentence, findDenial } from "./denial.ts";
import type { PluginRole } from "./protocol.ts";
import { mapPlaces, mapStack, type ModuleMap } from "./source_map.ts";

/** Which plugin it is, and the way back to its files. */
interface Plugin {
  readonly role: PluginRole;
  readonly type: string;
  readonly maps: readonly ModuleMap[];
}

/** A failure with its stack in the author's files; a denied permission as the sentence that says how to grant it. */
export function explainFailure(failure: SourceFailure, plugin: Plugin): SourceFailure {
  const { step, name, message, stack } = failure;
  return {
    step,
    name,
    // What the engine of the language refuses is quoted with its address.
    message: denied(message, plugin) ?? mapPlaces(message, plugin.maps),
    ...(stack === undefined ? {} : { stack: mapStack(stack, plugin.maps) }),
  };
}

/** An end with what failed explained. Who was denied a permission need not be opened again: it would be denied again. */
export function explainEnd(end: SourceEnd, plugin: Plugin): SourceEnd {
  switch (end.kind) {
    case "failed":
      return { kind: "failed", failure: explainFailure(end.failure, plugin) };
    case "not_connected":
    case "back_off": {
      const message = denied(end.message, plugin);
      if (message === undefined) return end;
      return { kind: "failed", failure: { step: "open", name: "NotCapable", message } };
    }
    default:
      return end;
  }
}

/** Why a plugin does not load. The cause has the author's stack. */
export function loadError(failure: SourceFailure, plugin: Plugin): KuiperError {
  const explained = explainFailure(failure, plugin);
  const cause = new Error(mapPlaces(failure.message, plugin.maps));
  cause.name = failure.name;
  if (explained.stack !== undefined) cause.stack = explained.stack;
  // What was denied names the source itself.
  return denied(failure.message, plugin) !== undefined
    ? fail("denied", explained.message, cause)
    : fail("module", `Cannot load ${plugin.role} "${plugin.type}": ${explained.message}`, cause);
}

function denied(message: string, { type, role }: Plugin): string | undefined {
  const denial = findDenial(message);
  return denial === undefined ? undefined : denialSentence(denial, type, role);
}
