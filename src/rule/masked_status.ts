import type { OpStatus, RuleStatus } from "./status.ts";

/**
 * A status in which no secret can be read: what a plugin, a server or a broker said stands in it as it was said.
 *
 * @param mask hides secrets in a text.
 */
export function maskedStatus(status: RuleStatus, mask: (text: string) => string): RuleStatus {
  return {
    ...status,
    message: mask(status.message),
    ops: status.ops.map((op) => maskedOp(op, mask)),
  };
}

function maskedOp(op: OpStatus, mask: (text: string) => string): OpStatus {
  const { last_exception, connection_last_disconnected_message: gone = "" } = op.metrics;
  // Most parts have nothing to tell, and there may be thousands.
  if (last_exception === "" && gone === "") return op;
  return {
    ...op,
    metrics: {
      ...op.metrics,
      last_exception: mask(last_exception),
      ...(gone === "" ? {} : { connection_last_disconnected_message: mask(gone) }),
    },
  };
}
