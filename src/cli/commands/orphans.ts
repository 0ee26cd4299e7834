import { orphansDocument, orphansText } from "../../report/index.ts";
import { type CommandSpec, passRequest, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { LOOKING } from "../flags.ts";

export const orphans: CommandSpec = {
  name: "orphans",
  summary: "list objects that look like ours and that no service declares",
  text: `Lists objects of this scope that no service of the ref declares, each with the reason why it is still there: kept by a
switch or a deletion policy, held, or deleted by the next sync; objects that carry our label although no apply of ours wrote it;
and objects that Flux v1 applied and nobody took over. Deletes nothing, ever.`,
  flags: [...LOOKING.filter((name) => name !== "staleAfter"), "defaultNamespace"],
  examples: [
    { does: "what nobody declares", line: "gitops orphans --path clusters/prod" },
    { does: "what is left of one service", line: "gitops orphans --service payments/api" },
    {
      does: "their names, for kubectl",
      line: "gitops orphans -o json | jq -r '.orphans[] | select(.deleted | not) | [.kind, .namespace, .name] | @tsv'",
    },
  ],
  exits: [
    { code: 0, means: "there are none" },
    { code: 1, means: "there are some" },
    { code: 2, means: "it could not run, or some kind could not be listed" },
  ],
  run(call) {
    const { settings, printer } = call;
    return withEngine(call, async (engine, { signal }) => {
      const found = await engine.orphans(passRequest(settings, "diff"), signal);
      if (!found.ok) return printer.error(found.failures, EXIT.couldNotRun);
      const { orphans: some, unlisted } = found.value;
      const exit = unlisted.length > 0 ? EXIT.couldNotRun : some.length > 0 ? EXIT.some : EXIT.ok;
      printer.result(
        () => orphansDocument(found.value, exit),
        (paint) => orphansText(found.value, paint),
      );
      return exit;
    });
  },
};
