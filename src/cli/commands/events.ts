import { newMatch } from "../../policy/index.ts";
import { eventsDocument, eventsText } from "../../report/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { ASKING } from "../flags.ts";

export const events: CommandSpec = {
  name: "events",
  summary: "show what changed lately, as Kubernetes Events tell it",
  text: `Shows the Events of the services: when one became ready or failed, when drift was written back, what was confirmed. A pass that
changes nothing tells nothing. They are Kubernetes' own Events, which the API server forgets after an hour.`,
  flags: ["service", ...ASKING],
  examples: [
    { does: "all of them", line: "gitops events --path clusters/prod" },
    { does: "of some services", line: "gitops events --service 'payments/*'" },
    { does: "the same with kubectl", line: "kubectl get events -n gitops-system" },
  ],
  exits: [
    { code: 0, means: "shown" },
    { code: 2, means: "it could not run" },
  ],
  run(call) {
    const { printer, world, settings } = call;
    return withEngine(call, async (engine, { signal }) => {
      const told = await engine.events(signal);
      if (!told.ok) return printer.error(told.failures, EXIT.couldNotRun);
      const matches = newMatch(settings.services);
      const shown = told.value.filter(({ service }) => matches(service));
      printer.result(
        () => eventsDocument(shown, EXIT.ok),
        (paint) => eventsText(shown, settings, world.clock.nowMs(), paint),
      );
      return EXIT.ok;
    });
  },
};
