import { join } from "@std/path";
import { DataLock } from "./data_lock.ts";
import { Database } from "./database.ts";
import { ioError } from "./io_error.ts";
import { RuleStore } from "./rule_store.ts";
import { StateStore } from "./state_store.ts";
import { StreamStore } from "./stream_store.ts";

/** How a store is opened. */
export interface StoreOptions {
  /** What this process does, for the message of a second one: `kuiper run demo`. */
  readonly owner: string;
  /**
   * Only look, beside a process that owns the directory: nothing is locked, made or written, and a directory without
   * a database is an empty store.
   *
   * @default {false}
   */
  readonly readOnly?: boolean;
  /**
   * It is closed at once, as by a verb that is over in a moment: another process that opens it waits for that, for 2 s.
   *
   * @default {false}
   */
  readonly brief?: boolean;
}

/** What is kept in `data/`. */
export interface Store extends AsyncDisposable {
  /** Write into the lock where the server of this process is; nothing where the store was opened for looking. */
  announce(address: string): Promise<void>;
  readonly streams: StreamStore;
  readonly rules: RuleStore;
  readonly state: StateStore;
}

/**
 * Open the store of a data directory, which is made when there is none. Until it is disposed no other process gets
 * it; a process that is killed gives it back.
 *
 * @throws KuiperError `busy` when another process owns it, `io` when it cannot be used.
 */
export async function openStore(dataDir: string, options: StoreOptions): Promise<Store> {
  const file = join(dataDir, "kuiper.db");
  if (options.readOnly === true) {
    const present = await exists(file);
    return store(await Database.open(present ? file : ":memory:", { readOnly: present }));
  }
  try {
    await Deno.mkdir(dataDir, { recursive: true });
  } catch (error) {
    throw ioError(error, `make the directory ${dataDir}`);
  }
  const lock = await DataLock.take(join(dataDir, "lock"), options.owner, {
    brief: options.brief === true,
  });
  try {
    return store(await Database.open(file), lock);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

function store(db: Database, lock?: DataLock): Store {
  let closed = false;
  return {
    streams: new StreamStore(db),
    rules: new RuleStore(db),
    state: new StateStore(db),
    announce: async (address) => await lock?.announce(address),
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      // The lock goes last, so that nobody opens the file while it is being closed.
      try {
        db.close();
      } finally {
        await lock?.[Symbol.asyncDispose]();
      }
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw ioError(error, `read ${path}`);
  }
}
