import { diffText, passDocument } from "../../report/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { diffExit } from "../exit.ts";
import { COMPARING } from "../flags.ts";
import { watchPass } from "../watch-pass.ts";

export const diff: CommandSpec = {
  name: "diff",
  summary: "show what a sync would change, field by field",
  text: `Compares what git says with what the cluster has, and prints each object and field that a sync would change.
Values of Secrets are masked. Writes nothing.`,
  flags: COMPARING,
  examples: [
    {
      does: "what would a sync of main change",
      line: "gitops diff --repo https://github.com/acme/releases --path clusters/prod",
    },
    { does: "what would a pull request change", line: "gitops diff --ref my-branch --path clusters/prod" },
    { does: "one service", line: "gitops diff --service payments/api" },
  ],
  exits: [
    { code: 0, means: "no differences" },
    { code: 1, means: "differences" },
    { code: 2, means: "some service, or all of it, could not be compared" },
  ],
  run(call) {
    const { printer } = call;
    return withEngine(call, async (engine, stopping) => {
      const outcome = await watchPass(call, engine, "diff", stopping.signal);
      const exit = diffExit(outcome);
      if (outcome.failures.length > 0) return printer.error(outcome.failures, stopping.exit(exit));
      printer.result(
        () => passDocument(outcome, "diff", stopping.exit(exit)),
        (paint) => diffText(outcome, paint),
      );
      return exit;
    });
  },
};
