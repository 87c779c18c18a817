/**
 * Words that every folder uses and that know nothing of the others: values and tuples, errors, time, the log.
 * Imports nothing of the project.
 *
 * @module
 */
export type { Row, Value } from "./value.ts";
export { ownValue } from "./own_value.ts";
export { byWeight } from "./by_weight.ts";
export {
  checkRow,
  containersOfLastRow,
  MAX_DEPTH,
  MOST_AT_ONCE,
  MOST_CONTAINERS,
  MOST_PER_WEIGHT,
  typeName,
  weightOfLastRow,
} from "./value.ts";
export type { ScalarKind, ScalarRules } from "./convert_scalar.ts";
export { compileScalar, isBigint, isObject, narrow } from "./convert_scalar.ts";
export type { TimeParser } from "./time_pattern.ts";
export { compileTimePattern } from "./time_pattern.ts";
export { compileTimeReader } from "./time_reader.ts";
export { decodeRows, encodeRows } from "./value_codec.ts";
export { parseJson, parseJsonList, toJson, TOO_DEEP } from "./json.ts";
export { type JsonMeasure, measureJson } from "./measure_json.ts";
export { type Batch, type Json, NO_META, type Tuple } from "./tuple.ts";
export type { ErrorCode, ErrorDomain } from "./errors.ts";
export { asKuiperError, ERRORS, fail, KuiperError, messageOf } from "./errors.ts";
export type { Clock } from "./clock.ts";
export { systemClock } from "./clock.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export type { Logger, LogLevel } from "./log.ts";
export { createLogger, LOG_LEVELS, sampled, silentLogger } from "./log.ts";
export { compileFindText, type FindText } from "./find_text.ts";
export { nearest, oneOf } from "./nearest.ts";
export { compileEqual, isEqual, timeOf } from "./equal.ts";
export { sayLosses } from "./say_losses.ts";
export { sampledLines } from "./sampled_lines.ts";
export { setField } from "./set_field.ts";
export { showValue, sqlTypeOf } from "./show_value.ts";
export { STEERING } from "./steering.ts";
export { endOfTurn } from "./turn.ts";
export type { OverflowPolicy } from "./overflow.ts";
export { OVERFLOW_POLICIES } from "./overflow.ts";
export type { SinkCommon } from "./sink_common.ts";
