/**
 * Rules: a query over a stream, compiled to operators, feeding sinks. Imports the words, `sql` and `stream`.
 *
 * @module
 */
export type {
  RestartStrategy,
  RuleAction,
  RuleDefinition,
  RuleOptions,
} from "./rule_definition.ts";
export { DEFAULT_RULE_OPTIONS, parseRule } from "./parse_rule.ts";
export type { OpMetrics, OpStatus, RuleState, RuleStatus } from "./status.ts";
export { RULE_MOVES } from "./status.ts";
export type {
  AsyncOperator,
  Operator,
  RowErrors,
  RuleResult,
  RuleTuple,
} from "./operator/operator.ts";
export { rowsOf } from "./operator/operator.ts";
export type { CompiledPlan, PlanOptions, SourceFilter } from "./operator/compile_plan.ts";
export { compilePlan } from "./operator/compile_plan.ts";
export type { SinkRunOptions } from "./sink_run.ts";
export { SinkRun } from "./sink_run.ts";
export { newOpMetrics } from "./op_metrics.ts";
export type {
  CheckedRule,
  KeptRule,
  RuleKeeper,
  RuleManagerOptions,
  RuleSummary,
} from "./rule_manager.ts";
export { RuleManager } from "./rule_manager.ts";
export type { RuleRunOptions } from "./rule_run.ts";
export { RuleRun } from "./rule_run.ts";
export type { RuleSource } from "./rule_source.ts";
export { privateSource, sharedSource } from "./rule_source.ts";
export type { RuleTopo } from "./topology.ts";
export { sinkId } from "./topology.ts";
