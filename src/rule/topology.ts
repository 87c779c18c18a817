import type { RuleAction } from "./rule_definition.ts";

/** The nodes of a rule and what flows into what. */
export interface RuleTopo {
  readonly sources: readonly string[];
  readonly edges: Readonly<Record<string, readonly string[]>>;
}

/** How a sink of a rule is called: by its type and its number among the actions. */
export function sinkId({ type }: RuleAction, index: number): string {
  return `sink_${type}_${index}`;
}

/** How an operator is called: the source is the first node. */
export function operatorId(name: string, index: number): string {
  return `op_${index + 2}_${name}`;
}

/** The topology as eKuiper tells it. */
export function topologyOf(
  { stream, operators, actions }: {
    stream: string;
    /** Their names, in the order of the flow. */
    operators: readonly string[];
    actions: readonly RuleAction[];
  },
): RuleTopo {
  const source = `source_${stream}`;
  const nodes = [source, ...operators.map(operatorId)];
  const edges = nodes.map((node, i) => {
    const next = nodes[i + 1];
    return [node, next === undefined ? actions.map(sinkId) : [next]] as const;
  });
  return { sources: [source], edges: Object.fromEntries(edges) };
}
