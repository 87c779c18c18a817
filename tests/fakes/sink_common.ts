import type { SinkCommon } from "../../src/core/mod.ts";

/** What every sink has, as it is where an action says nothing; but for a retry, which comes soon. */
export const SINK_COMMON: SinkCommon = {
  sendSingle: false,
  fields: [],
  excludeFields: [],
  dataField: "",
  format: "json",
  delimiter: ",",
  hasHeader: false,
  omitIfEmpty: false,
  batchSize: 0,
  lingerMs: 0,
  bufferLength: 1024,
  overflow: "wait",
  concurrency: 1,
  retryIntervalMs: 10,
  retryCount: -1,
};
