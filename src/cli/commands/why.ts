import { whyDocument, whyText } from "../../report/index.ts";
import { type CommandSpec, passRequest, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { COMPARING } from "../flags.ts";

export const why: CommandSpec = {
  name: "why",
  summary: "say what makes a service run, or stay as it is",
  text: `Compares the files that a service's last build looked at with the ref, and its objects with the cluster: which paths changed
and by whose commit, which objects a sync would write, delete or hold, and why. Writes nothing.`,
  argument: { name: "service", text: "id of the service" },
  flags: COMPARING.filter((name) => name !== "service"),
  examples: [
    { does: "one service", line: "gitops why payments/api --path clusters/prod" },
    { does: "the paths that changed", line: "gitops why payments/api -o json | jq -r '.changed[]?'" },
  ],
  exits: [
    { code: 0, means: "a sync would do nothing about it" },
    { code: 1, means: "a sync would build or write something, or hold or report something" },
    { code: 2, means: "it could not run, or the service fails" },
  ],
  run(call) {
    const { settings, printer, argument } = call;
    return withEngine(call, async (engine, { signal }) => {
      const explained = await engine.explain(passRequest(settings, "diff"), argument, signal);
      if (!explained.ok) return printer.error(explained.failures, EXIT.couldNotRun);
      const { failures, runs, steps } = explained.value;
      const quiet = !runs && steps.length === 0;
      const exit = failures.length > 0 ? EXIT.couldNotRun : quiet ? EXIT.ok : EXIT.some;
      printer.result(
        () => whyDocument(explained.value, exit),
        (paint) => whyText(explained.value, paint),
      );
      return exit;
    });
  },
};
