import { newMatch } from "../../policy/index.ts";
import { isHealthy, standingReport, statusDocument, statusReport, statusText } from "../../report/index.ts";
import type { Standing } from "../../status/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { LOOKING } from "../flags.ts";
import { readRecord } from "../record.ts";

export const status: CommandSpec = {
  name: "status",
  summary: "show how every service is, and since when",
  text: `Shows what the last passes, of whichever machine, left of every service, and how many objects it owns in the cluster now.
Where nothing is kept in the cluster, it is what passes of this machine left.
A service whose last success is older than --stale-after is stale: silence is not health. It takes the flags
of sync, so that one set of them serves both; git itself is not asked.`,
  flags: LOOKING,
  examples: [
    { does: "all services of a cluster's folder", line: "gitops status --path clusters/prod" },
    {
      does: "fail unless all were fine within ten minutes",
      line: "gitops status --path clusters/prod --stale-after 10m",
    },
  ],
  exits: [
    { code: 0, means: "every service is fine" },
    { code: 1, means: "some are not, or are stale, or nothing is known" },
    { code: 2, means: "it could not run" },
  ],
  run(call) {
    const { settings, printer, world } = call;
    return withEngine(call, async (engine, { signal }) => {
      const [standing, owned] = await Promise.all([engine.standing(signal), engine.owned(settings.scope, signal)]);
      const nowMs = world.clock.nowMs();
      const about = {
        scope: settings.scope,
        nowMs,
        staleAfterMs: settings.staleAfterMs,
        failures: owned.ok ? [] : owned.failures,
        matches: newMatch(settings.services),
      };
      const kept = standing.ok ? keptStatus(standing.value) : undefined;
      const live = owned.ok ? owned.value : undefined;
      // When nothing of the cluster answers, the report says so already.
      if (!standing.ok && owned.ok)
        world.stderr.write(`status in the cluster: ${standing.failures[0]?.message ?? "unknown"}\n`);
      // Without anything in the cluster, what this machine itself remembers is better than nothing.
      const record = kept === undefined ? await readRecord(settings) : undefined;
      if (record?.ok === false) return printer.error(record.failures, EXIT.couldNotRun);
      const known = kept !== undefined || (record?.ok === true && record.value !== undefined);
      if (!owned.ok && !known) return printer.error(owned.failures, EXIT.couldNotRun);
      const report =
        kept === undefined
          ? statusReport(record?.ok === true ? record.value : undefined, live, about)
          : standingReport(kept, live, about);
      const exit = isHealthy(report) ? EXIT.ok : EXIT.some;
      printer.result(
        () => statusDocument(report, exit),
        (paint) => statusText(report, nowMs, paint),
      );
      return exit;
    });
  },
};

/** What passes left in the cluster; undefined when none did. */
function keptStatus(standing: Standing | undefined): Parameters<typeof standingReport>[0] | undefined {
  if (standing?.head === undefined) return undefined;
  return { services: standing.services(), lastPass: standing.head.at, failures: standing.head.failures };
}
