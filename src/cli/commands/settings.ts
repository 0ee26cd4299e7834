import { breakerWith } from "../../plan/index.ts";
import { MISNAMED_SETTINGS, newMatch, SETTINGS_FILE } from "../../policy/index.ts";
import { settingsDocument, settingsText } from "../../report/index.ts";
import { withDependencies } from "../../services/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { READING } from "../flags.ts";

const SETTINGS_FILES: ReadonlySet<string> = new Set([SETTINGS_FILE, MISNAMED_SETTINGS]);

export const settings: CommandSpec = {
  name: "settings",
  summary: "show the settings that hold for each service, and which line says so",
  text: "Shows what gitops.yaml, Flux documents and files in folders come to for each service, and the file and line of each setting that is not as usual; all settings with --verbose.\nNeeds no cluster and builds nothing, so it also checks settings before they are merged.",
  flags: READING,
  examples: [
    { does: "the settings of some services", line: "gitops settings --path clusters/prod --service 'payments/*'" },
    {
      does: "suspended services",
      line: "gitops settings -o json | jq -r '.services[] | select(.settings.suspend) | .service'",
    },
    { does: "check the settings of a working copy's last commit", line: "gitops settings --repo . --ref HEAD" },
  ],
  exits: [
    { code: 0, means: "listed" },
    { code: 1, means: "some services are broken" },
    { code: 2, means: "it could not run, or the settings of the revision cannot be read" },
  ],
  run(call) {
    const { settings: given, printer } = call;
    return withEngine(call, async (engine, { signal }) => {
      const found = await engine.discover(given.path, signal);
      if (!found.ok) return printer.error(found.failures, EXIT.couldNotRun);
      const { policy, revision } = found.value;
      const discovery = { ...found.value.discovery, ...withDependencies(found.value.discovery) };
      const matches = newMatch(given.services);
      const ids = [...discovery.services, ...discovery.broken].map(({ id }) => id);
      const report = {
        ...(policy.file === undefined ? {} : { file: policy.file }),
        breaker: breakerWith(policy.breaker),
        protect: [...policy.protect.keys()],
        rewrites: policy.rewrites,
        services: discovery.services.filter(({ id }) => matches(id)),
        broken: discovery.broken.filter(({ id }) => matches(id)),
        unused: policy.entries.filter((entry) => !ids.some((id) => entry.matches(id))),
        stray: discovery.ignored.filter(
          ({ at }) => at.path !== policy.file && SETTINGS_FILES.has(at.path.split("/").at(-1) ?? ""),
        ),
      };
      const exit = report.broken.length > 0 || !discovery.complete ? EXIT.some : EXIT.ok;
      printer.result(
        () => settingsDocument(report, revision, exit),
        (paint) => settingsText(report, given.verbose, paint),
      );
      return exit;
    });
  },
};
