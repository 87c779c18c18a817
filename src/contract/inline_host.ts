import type { Source } from "./kuiper.d.ts";
import { runSource } from "./run_source.ts";
import type { SourceHost, SourceInstance } from "./source_instance.ts";

/** Runs a built-in source in the engine's own isolate. Never for code from outside. */
export function inlineHost(make: () => Promise<Source>): SourceHost {
  const instances = new Set<SourceInstance>();
  return {
    start(spec, events) {
      const instance = runSource(make, spec, events, { validate: false });
      instances.add(instance);
      void instance.closed.then(() => instances.delete(instance));
      return instance;
    },
    async [Symbol.asyncDispose]() {
      for (const instance of instances) instance.stop(0);
      await Promise.all([...instances].map((instance) => instance.closed));
    },
  };
}
