/**
 * The language: from a text to statements as plain data, and back. Pure: nothing waits, nothing is read or written.
 * Imports `core` only.
 *
 * A text goes through the lexer (`lexer.ts`) and the token reader (`token_reader.ts`), which any parser can use, to
 * the parser of its statement (`parse_statement.ts`, `parse_stream.ts`), which checks also what concerns several of
 * its parts (`check_stream.ts`). Whatever is wrong is a {@link SqlError} with its place.
 *
 * @example
 * ```ts
 * import { parseStatement, printStatement } from "./mod.ts";
 * const statement = parseStatement('create stream demo (id bigint,) with (datasource="topic/demo");');
 * printStatement(statement);
 * // CREATE STREAM demo (
 * //   id BIGINT
 * // ) WITH (DATASOURCE="topic/demo", FORMAT="json", TYPE="mqtt");
 * ```
 *
 * @module
 */
export type {
  BinaryOp,
  Column,
  CreateStream,
  DataType,
  DescribeStream,
  DropStream,
  Explain,
  Expr,
  Field,
  FromStream,
  Literal,
  OrderKey,
  Query,
  ScalarKind,
  Select,
  SelectItem,
  ShowStreams,
  Statement,
  StreamFormat,
  StreamOptions,
} from "./ast.ts";
export { compileCondition, compileExpr } from "./compile/compile_expr.ts";
export type { CompileOptions, Condition, Evaluate, Frame } from "./compile/frame.ts";
export type { TypeScope } from "./compile/type_of.ts";
export { typeOf } from "./compile/type_of.ts";
export { literalValue } from "./ast.ts";
export { parseStatement, parseStatements, parseStreamDefinition } from "./parse_statement.ts";
export type {
  CallStep,
  ComputeStep,
  FilterStep,
  LimitStep,
  OrderStep,
  PlanNode,
  ProjectItem,
  ProjectStep,
  QueryPlan,
  SourceStep,
} from "./plan.ts";
export { firstWord } from "./first_word.ts";
export { columnsOfPlan } from "./plan.ts";
export { explainPlan } from "./explain_plan.ts";
export type { PreparedQuery, PrepareOptions } from "./prepare_query.ts";
export { namesOfQuery, parseQuery, prepareQuery } from "./prepare_query.ts";
export type { CheckedItem, CheckedSelect } from "./check_select.ts";
export type { Known } from "./static_type.ts";
export { knownOf } from "./static_type.ts";
export { printExpr, printSelect } from "./print_select.ts";
export { mapExpr } from "./map_expr.ts";
export type { PrintOptions } from "./print.ts";
export { printLiteral, printStatement, printType } from "./print.ts";
export { maskSecrets } from "./secret.ts";
export type { SqlPlace, SqlSource } from "./sql_error.ts";
export { isSqlError, SqlError } from "./sql_error.ts";
export type { StreamOption } from "./stream_options.ts";
export { DEFAULT_STREAM_OPTIONS, STREAM_OPTION_NAMES, STREAM_OPTIONS } from "./stream_options.ts";
