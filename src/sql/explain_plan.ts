import type { PlanNode, QueryPlan } from "./plan.ts";
import { printExpr, printOrder } from "./print_select.ts";

/**
 * A plan for people: a line for each step, the last step first and what it reads below it, then what is worth knowing.
 *
 * @example
 * ```text
 * project  temperature, #1 AS warm
 *   filter  temperature > 20
 *     source  demo, columns temperature
 * ```
 */
export function explainPlan({ root, warnings }: QueryPlan): string {
  const lines: string[] = [];
  let depth = 0;
  for (let node: PlanNode | undefined = root; node !== undefined; node = below(node)) {
    lines.push(`${"  ".repeat(depth++)}${node.kind}  ${about(node)}`);
  }
  return [...lines, ...warnings.map((warning) => `note: ${warning}`)].join("\n");
}

function below(node: PlanNode): PlanNode | undefined {
  return node.kind === "source" ? undefined : node.input;
}

function about(node: PlanNode): string {
  switch (node.kind) {
    case "source": {
      const { stream, as, columns, filter, shared } = node;
      const parts = [
        as === stream ? stream : `${stream} AS ${as}`,
        columns === null
          ? "all columns"
          : columns.length === 0
          ? "no columns"
          : `columns ${columns.join(", ")}`,
      ];
      if (shared) parts.push("shared");
      if (filter !== undefined) parts.push(`where ${printExpr(filter)}`);
      return parts.join("; ");
    }
    case "call":
      return node.calls.map(({ name, args, slot }) =>
        `#${slot} = ${name}(${args.map(printExpr).join(", ")}) for a whole batch`
      ).join("; ");
    case "compute":
      return node.values.map(({ name, expr, slot }) => `#${slot} = ${printExpr(expr)} (${name})`)
        .join("; ");
    case "filter":
      return printExpr(node.where);
    case "project": {
      const aliases = node.aliases.map(({ name, expr, slot }) =>
        `#${slot} = ${printExpr(expr)} (${name})`
      );
      const items = node.items.map((item) => {
        if (item.kind === "all") {
          return item.except.length === 0 ? "*" : `* EXCEPT(${item.except.join(", ")})`;
        }
        const text = printExpr(item.expr);
        return text === item.name ? text : `${text} AS ${item.name}`;
      });
      return [...aliases, items.join(", ")].join("; ");
    }
    case "order":
      return printOrder(node.by);
    case "limit":
      return String(node.count);
  }
}
