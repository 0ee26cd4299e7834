import { newMatch } from "../../policy/index.ts";
import { treeDocument, treeText } from "../../report/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { LOOKING } from "../flags.ts";

export const tree: CommandSpec = {
  name: "tree",
  summary: "show what services have in the cluster, object by object",
  text: `Lists the objects that carry the label of a service of this scope: when each was last applied, who else writes to it, and
whether it is being deleted. Read from the objects themselves; git is not asked.`,
  flags: LOOKING.filter((name) => name !== "staleAfter"),
  examples: [
    { does: "one service", line: "gitops tree --service payments/api --path clusters/prod" },
    {
      does: "for kubectl",
      line: "gitops tree -o json | jq -r '.services[].objects[] | [.kind, .namespace, .name] | @tsv'",
    },
  ],
  exits: [
    { code: 0, means: "shown" },
    { code: 1, means: "no service owns anything" },
    { code: 2, means: "it could not run" },
  ],
  run(call) {
    const { settings, printer, world } = call;
    return withEngine(call, async (engine, { signal }) => {
      const trees = await engine.trees(newMatch(settings.services), signal);
      if (!trees.ok) return printer.error(trees.failures, EXIT.couldNotRun);
      const exit = trees.value.length === 0 ? EXIT.some : EXIT.ok;
      printer.result(
        () => treeDocument(trees.value, settings.scope, exit),
        (paint) => treeText(trees.value, settings, world.clock.nowMs(), paint),
      );
      return exit;
    });
  },
};
