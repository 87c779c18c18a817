import { fail, messageOf } from "../core/mod.ts";
import { type IsolatePort, lost, type PortEvents } from "./isolate_port.ts";
import { describeGrant, type Grant, workerPermissions } from "./permissions.ts";
import { unpackMessage } from "./packed_message.ts";
import { realmName } from "./realm_name.ts";

/** Where temporary files lie that are made without a folder; undefined where this program may not know. */
export function temporaryFolder(): string | undefined {
  try {
    return Deno.env.get("TMPDIR") ?? "/tmp";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/**
 * A Worker with what was granted and nothing else, about to run the boot module.
 *
 * @param temp as of {@link temporaryFolder}, which may be asked before permissions are given up.
 */
export function bootWorker(type: string, grant: Grant, temp = temporaryFolder()): Worker {
  // In the binary it is bundled, beside the program.
  const boot = Deno.build.standalone ? "./boot.js" : "./boot.ts";
  return new Worker(new URL(boot, import.meta.url), {
    type: "module",
    name: realmName(type, grant, temp),
    deno: { permissions: workerPermissions(grant) },
  });
}

/** Hear of a Worker: what it says, as {@link unpackMessage} gives it, and how it ends by itself. */
export function listenTo(
  worker: Worker,
  events: {
    message(data: Record<string, unknown>): void;
    broken(name: string, what: string): void;
  },
): void {
  worker.onmessage = ({ data }) => {
    let message: Record<string, unknown>;
    try {
      message = unpackMessage(data);
    } catch (error) {
      return events.broken("ProtocolError", messageOf(error));
    }
    events.message(message);
  };
  worker.onmessageerror = () => events.broken("ProtocolError", "sent what cannot be read");
  worker.onerror = (event) => {
    // Unhandled, it would end this program.
    event.preventDefault();
    events.broken("Error", `ended by itself: ${event.message}`);
  };
}

/** Run the isolate in a thread of this program. @throws KuiperError `denied` or `config` for the grant. */
export function openWorkerPort(type: string, grant: Grant, events: PortEvents): IsolatePort {
  const worker = grantedWorker(type, grant);
  listenTo(worker, {
    message: events.message,
    broken: (name, what) => events.broken(lost(what, name)),
  });
  return {
    neverWaits: "keeps one core busy until this program ends",
    endsCode: false,
    post: (message) => worker.postMessage(message),
    close() {
      worker.onmessage = null;
      worker.terminate();
      return Promise.resolve();
    },
  };
}

function grantedWorker(type: string, grant: Grant): Worker {
  try {
    return bootWorker(type, grant);
  } catch (error) {
    throw fail(
      error instanceof Deno.errors.NotCapable ? "denied" : "config",
      `Cannot run source "${type}" with the grant ${describeGrant(grant)}: ${messageOf(error)}`,
      error,
    );
  }
}
