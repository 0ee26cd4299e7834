import { isHealthy, statusDocument, statusReport, statusText } from "../../report/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { LOOKING } from "../flags.ts";
import { readRecord } from "../record.ts";
import { matcher } from "./services.ts";

export const status: CommandSpec = {
  name: "status",
  summary: "show how every service is, and since when",
  text: `Shows what the last passes from this machine left of every service, and how many objects it owns in the cluster now.
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
      const record = await readRecord(settings);
      if (!record.ok) return printer.error(record.failures, EXIT.couldNotRun);
      const owned = await engine.owned(settings.scope, signal);
      if (!owned.ok && record.value === undefined) return printer.error(owned.failures, EXIT.couldNotRun);
      const nowMs = world.clock.nowMs();
      const report = statusReport(record.value, owned.ok ? owned.value : undefined, {
        scope: settings.scope,
        nowMs,
        staleAfterMs: settings.staleAfterMs,
        failures: owned.ok ? [] : owned.failures,
        matches: matcher(settings.services),
      });
      const exit = isHealthy(report) ? EXIT.ok : EXIT.some;
      printer.result(
        () => statusDocument(report, exit),
        (paint) => statusText(report, nowMs, paint),
      );
      return exit;
    });
  },
};
