import { newMatch } from "../../policy/index.ts";
import { confirmedDocument, confirmedText } from "../../report/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { ASKING } from "../flags.ts";
import { standingNeeded } from "../standing.ts";

export const confirm: CommandSpec = {
  name: "confirm",
  summary: "let deletes go that are held at a revision",
  text: `Deletes are held when too many would go at once, or when one would take data with it. This says that those at one revision are
meant, for all services or for some; the next pass over that revision does them, and the history says who confirmed it and when. A
commit can say the same of itself, with a trailer: Gitops-Confirm: all, or Gitops-Confirm: payments/*; of more than a hundred globs
none counts.`,
  argument: {
    name: "revision",
    text: "the commit at which deletes are held, at least 7 digits, or as status writes it",
  },
  flags: ["service", ...ASKING],
  examples: [
    { does: "all that is held at a commit", line: "gitops confirm 3f2a91c5d0e1 --path clusters/prod" },
    { does: "of some services only", line: "gitops confirm 3f2a91c5d0e1 --service 'payments/*' --path clusters/prod" },
  ],
  exits: [
    { code: 0, means: "confirmed" },
    { code: 2, means: "it could not run, or that is no commit" },
  ],
  run(call) {
    const { printer, settings, argument } = call;
    const commit = /^(?:[^:]*sha(?:1|256):)?([0-9a-f]{7,64})$/.exec(argument.toLowerCase())?.[1];
    if (commit === undefined) {
      const message = `${JSON.stringify(argument)} is no commit`;
      const remedy = "give at least 7 digits of the commit at which deletes are held, as gitops status shows it";
      return Promise.resolve(printer.error([{ code: "usage/invalid-flag", message, remedy }], EXIT.couldNotRun));
    }
    return withEngine(call, async (engine, { signal }) => {
      const globs = settings.services.length === 0 ? ["**"] : settings.services;
      const order = await engine.confirm(commit, globs, signal);
      if (!order.ok) return printer.error(order.failures, EXIT.couldNotRun);
      const standing = await standingNeeded(engine, signal);
      if (!standing.ok) return printer.error(standing.failures, EXIT.couldNotRun);
      const matches = newMatch(settings.services);
      const held = standing.value
        .services()
        .filter(
          ({ service, state, attempted }) => state === "held" && attempted.includes(`:${commit}`) && matches(service),
        );
      const released = held.filter(({ unconfirmable }) => unconfirmable !== true).map(({ service }) => service);
      const staying = held.filter(({ unconfirmable }) => unconfirmable === true).map(({ service }) => service);
      printer.result(
        () => confirmedDocument(order.value, released, EXIT.ok),
        () => confirmedText(order.value, released, staying),
      );
      return EXIT.ok;
    });
  },
};
