import { Isolate } from "./isolate.ts";
import { withinOwn } from "./permissions.ts";
import { openWorkerPort } from "./worker_port.ts";
import type { IsolateOptions, LoadableText, StartingIsolate, WorkerHost } from "./worker_host.ts";

/**
 * Start an isolate with the permissions of a grant and nothing else.
 *
 * @throws KuiperError `denied` when the grant is beyond what this program itself may do, `config` when an entry of
 * it is not of its kind.
 */
export function startIsolate(options: IsolateOptions): StartingIsolate {
  withinOwn(options.permissions, `${options.role ?? "source"} "${options.type}"`);
  const { type, permissions } = options;
  return new Isolate(options, (events) => openWorkerPort(type, permissions, events));
}

/** Start an isolate and load a plugin in it. @throws as {@link startIsolate} and {@link StartingIsolate.load}. */
export async function openWorkerHost(
  linked: LoadableText,
  options: IsolateOptions,
): Promise<WorkerHost> {
  return await startIsolate(options).load(linked);
}
