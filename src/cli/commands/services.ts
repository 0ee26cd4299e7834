import { newMatch } from "../../policy/index.ts";
import { servicesDocument, servicesText } from "../../report/index.ts";
import { withDependencies } from "../../services/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { READING } from "../flags.ts";

export const services: CommandSpec = {
  name: "services",
  summary: "list the services of a ref, where they are defined and why",
  text: "Lists every service that the ref defines below --path: its folder, the file and line that define it, and why it is one.\nNeeds no cluster and builds nothing.",
  flags: READING,
  examples: [
    {
      does: "the services of a cluster's folder",
      line: "gitops services --repo https://github.com/acme/releases --path clusters/prod",
    },
    { does: "their ids only", line: "gitops services -o json | jq -r '.services[].id'" },
  ],
  exits: [
    { code: 0, means: "listed" },
    { code: 1, means: "some are broken" },
    { code: 2, means: "it could not run" },
  ],
  run(call) {
    const { settings, printer } = call;
    return withEngine(call, async (engine, { signal }) => {
      const found = await engine.discover(settings.path, signal);
      if (!found.ok) return printer.error(found.failures, EXIT.couldNotRun);
      const selected = newMatch(settings.services);
      const { services: sound, broken } = withDependencies(found.value.discovery);
      const discovery = {
        ...found.value.discovery,
        services: sound.filter(({ id }) => selected(id)),
        broken: broken.filter(({ id }) => selected(id)),
      };
      const exit = discovery.broken.length > 0 || !discovery.complete ? EXIT.some : EXIT.ok;
      printer.result(
        () => servicesDocument(discovery, found.value.revision, exit),
        (paint) => servicesText(discovery, paint),
      );
      return exit;
    });
  },
};
