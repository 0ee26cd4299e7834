import { nearestId } from "../../model/index.ts";
import { historyDocument, historyText } from "../../report/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { ASKING } from "../flags.ts";
import { standingNeeded } from "../standing.ts";

export const history: CommandSpec = {
  name: "history",
  summary: "show what happened to a service, and how it stands",
  text: `Shows the last five times that something was written for a service, or that it went another way than before: when, at which
revision, what was done, how long it took and who confirmed it. Read from the cluster, so it is the same on every machine.`,
  argument: { name: "service", text: "id of the service" },
  flags: ASKING,
  examples: [
    { does: "one service", line: "gitops history payments/api --path clusters/prod" },
    { does: "its last failure", line: "gitops history payments/api -o json | jq '.history[0]'" },
  ],
  exits: [
    { code: 0, means: "shown" },
    { code: 2, means: "it could not run, or nothing is known of the service" },
  ],
  run(call) {
    const { printer, world, argument } = call;
    return withEngine(call, async (engine, { signal }) => {
      const standing = await standingNeeded(engine, signal);
      if (!standing.ok) return printer.error(standing.failures, EXIT.couldNotRun);
      const services = standing.value.services();
      const found = services.find(({ service }) => service === argument);
      if (found === undefined) {
        const message = `nothing is known of a service ${JSON.stringify(argument)}`;
        const meant = nearestId(
          argument,
          services.map(({ service }) => service),
        );
        const hint = meant === undefined ? "" : `did you mean ${meant}? else `;
        const remedy = `${hint}see gitops status for what is known, and check --path and --scope`;
        return printer.error([{ code: "usage/no-such-service", message, remedy }], EXIT.couldNotRun);
      }
      printer.result(
        () => historyDocument(found, EXIT.ok),
        (paint) => historyText(found, world.clock.nowMs(), paint),
      );
      return EXIT.ok;
    });
  },
};
