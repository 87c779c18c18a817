import { fail } from "../core/mod.ts";
import type { Call } from "./command.ts";
import type { PluginOf, PluginProposal } from "./engine.ts";
import { isUnchanged, proposalText } from "./proposal_text.ts";

/**
 * Show a proposal, ask for approval (on a terminal a question, elsewhere `--yes` must have been given), and write it
 * when it was given.
 *
 * @param options.isImport it was exported elsewhere, and brings the grant that it had there. @default {false}
 * @returns `same` when there was nothing to approve.
 * @throws KuiperError `denied` when nobody can be asked, and when `--yes` alone would widen a grant.
 */
export async function showAndAsk(
  { terminal, flags }: Pick<Call, "terminal" | "flags">,
  proposal: PluginProposal,
  { isImport = false }: { isImport?: boolean } = {},
): Promise<"approved" | "refused" | "same"> {
  const { name, wider } = proposal;
  await terminal.print(proposalText(proposal, terminal.style));
  if (isUnchanged(proposal)) {
    terminal.note(`plugin "${name}" is as it was`);
    return "same";
  }
  const { stdin, stderr } = terminal.io;
  const canAsk = stdin.isTerminal && stderr.isTerminal && !flags.on("yes");
  if (!canAsk && wider.length > 0 && isImport) {
    throw fail(
      "denied",
      `Plugin "${name}" was exported with ${
        wider.join(", ")
      }, which it was not granted here, and ` +
        `--yes alone does not widen a grant: give it that in etc/plugins.yaml first, or answer ` +
        "on a terminal",
    );
  }
  if (!canAsk && wider.length > 0) {
    throw fail(
      "denied",
      `The new code of plugin "${name}" asks for ${
        wider.join(", ")
      }, which it was not granted, and --yes ` +
        "alone does not widen a grant: give the whole new grant (--net=… and so on), or use " +
        `"kuiper plugin update ${name} --keep-grant"`,
    );
  }
  if (!canAsk && !flags.on("yes")) {
    throw fail(
      "denied",
      `Plugin "${name}" needs approval and nobody can be asked here: read the above and repeat it with --yes`,
    );
  }
  if (canAsk) {
    const what = proposal.of === "source" ? "TYPE" : proposal.of;
    stderr.write(`Pin this code as ${what} "${name}" with the grant ${proposal.grant}? (y/N) `);
    if (!/^\s*y(es)?\s*$/i.test(await stdin.readLine() ?? "")) {
      terminal.note("not approved, nothing was written");
      return "refused";
    }
  }
  await proposal.approve();
  terminal.note(`plugin "${name}" is pinned in kuiper.lock; ${USES[proposal.of](name)}`);
  return "approved";
}

/** How each kind of plugin is used. */
const USES: Readonly<Record<PluginOf, (name: string) => string>> = {
  source: (name) => `a stream uses it with TYPE="${name}"`,
  sink: (name) => `a rule uses it as the action {"${name}": {}}`,
  function: (name) => `a query calls it as ${name}(…)`,
};
