/**
 * The source `random`: rows of random numbers at an interval, for trying things out.
 *
 * It is also the example to copy for a source that is pulled: it takes its configuration in `configure`, and `open`
 * is a generator that yields until the stream ends. A source that is called back instead looks like websocket.ts.
 */
import type { Manifest, Props, Row, Source, SourceItem, StreamContext, Value } from "kuiper";

/** What the module says of itself. It asks for no permissions and is given none. */
export const manifest: Manifest = {
  contract: 1,
  version: "1.0.0",
  description: "Rows of random numbers at an interval, the same ones at every start",
  licence: "Apache-2.0",
  // The engine checks the configuration against this before it calls configure.
  properties: {
    type: "object",
    properties: {
      interval: {
        type: "integer",
        minimum: 1,
        maximum: 2147483647,
        default: 1000,
        description: "Milliseconds from one row to the next",
      },
      seed: {
        type: "integer",
        minimum: 1,
        maximum: 4294967296,
        default: 1,
        description: "Each number gets a random integer from 0 up to, but not including, this one",
      },
      pattern: {
        type: "object",
        default: { count: 50 },
        description: "The fields of a row; the random integers are added to its numbers",
      },
      deduplicate: {
        type: "integer",
        minimum: -1,
        default: 0,
        description: "Leave out rows that equal one of the last N; 0 is none, -1 is all of them",
      },
    },
  },
};

/** One instance for every instance of a stream: the engine constructs the class that is named like the type. */
export class Random implements Source {
  #interval = 1000;
  #seed = 1;
  #pattern: Row = {};
  #deduplicate = 0;
  #generator = new Generator(0);

  configure(_datasource: string, props: Props, ctx: StreamContext): void {
    // Default and type stand in the manifest too, but a source that checks for itself runs everywhere.
    this.#interval = integer(props.interval ?? 1000, "interval", 1);
    this.#seed = integer(props.seed ?? 1, "seed", 1);
    this.#deduplicate = integer(props.deduplicate ?? 0, "deduplicate", -1);
    const pattern = props.pattern ?? { count: 50 };
    if (!isRow(pattern)) {
      throw new TypeError(
        `"pattern" is ${JSON.stringify(pattern)}, expected an object such as { count: 50 }`,
      );
    }
    this.#pattern = pattern;
    // Every start gives the same rows, and of several instances each its own.
    this.#generator = new Generator(this.#seed + ctx.instanceId * 0x9e3779b1);
  }

  async *open(ctx: StreamContext): AsyncGenerator<SourceItem> {
    const recent = new Recent(this.#deduplicate);
    const possible = this.#seed ** countNumbers(this.#pattern);
    let due = Date.now();
    while (!ctx.signal.aborted) {
      // From the last due time and not from now, so that the rate does not drift; but never to catch up.
      due = Math.max(due + this.#interval, Date.now());
      if (!await wait(Math.min(due - Date.now(), this.#interval), ctx.signal)) return;
      const message = this.#vary(this.#pattern) as Row;
      if (recent.has(message)) continue;
      yield { message };
      if (recent.size >= possible) {
        ctx.log.info(
          `all ${possible} rows that differ were sent, and "deduplicate" forbids others`,
        );
        return;
      }
    }
  }

  /** A copy of `value` with a random integer added to every number in it. */
  #vary(value: Value | undefined): Value | undefined {
    if (typeof value === "number") return value + this.#generator.below(this.#seed);
    if (Array.isArray(value)) return value.map((item) => this.#vary(item) ?? null);
    if (!isRow(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#vary(item)]));
  }
}

/** The rows of the last `most` that were sent; of all when it is negative. */
class Recent {
  readonly #most: number;
  // A set keeps the order in which its members came: the first is the oldest.
  readonly #rows = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Whether `row` is one of them; when it is not, it becomes the latest. */
  has(row: Row): boolean {
    if (this.#most === 0) return false;
    const key = JSON.stringify(row);
    if (this.#rows.has(key)) return true;
    if (this.#rows.size === this.#most) {
      for (const oldest of this.#rows) {
        this.#rows.delete(oldest);
        break;
      }
    }
    this.#rows.add(key);
    return false;
  }
}

/** Random numbers that a start value determines: each is a hash (lowbias32) of a counter. */
class Generator {
  #counter: number;

  constructor(start: number) {
    this.#counter = start >>> 0;
  }

  /** An integer from 0 up to, but not including, `limit`, which is 2^32 at most. */
  below(limit: number): number {
    this.#counter = (this.#counter + 0x9e3779b9) >>> 0;
    let hash = this.#counter;
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
    hash = (hash ^ (hash >>> 16)) >>> 0;
    return Math.floor(hash / 2 ** 32 * limit);
  }
}

/** Wait `ms` milliseconds: true then, false at once when `signal` aborts. */
function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      // The signal lives as long as the stream: a listener for every row would pile up on it.
      signal.removeEventListener("abort", stop);
      resolve(true);
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

function countNumbers(value: Value | undefined): number {
  if (typeof value === "number") return 1;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, item) => sum + countNumbers(item), 0);
}

function integer(value: unknown, name: string, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new TypeError(
    `"${name}" is ${JSON.stringify(value)}, expected an integer that is ${least} or more`,
  );
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
