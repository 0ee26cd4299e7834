import { passDocument, passText } from "../../report/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import { syncExit } from "../exit.ts";
import { COMPARING } from "../flags.ts";
import { writeRecord } from "../record.ts";
import { watchPass } from "../watch-pass.ts";

export const sync: CommandSpec = {
  name: "sync",
  summary: "make the cluster as git says",
  text: `Fetches the ref, builds every service whose files changed, and applies what differs from the cluster. Objects that left
git are deleted when they are proven to be ours; when many would go at once, they are held until you confirm.
A service that fails holds up no other.`,
  flags: ["dryRun", ...COMPARING],
  examples: [
    {
      does: "sync a repository into the current cluster",
      line: "gitops sync --repo https://github.com/acme/releases --path clusters/prod",
    },
    {
      does: "see what the API server says to every write, writing nothing",
      line: "gitops sync --dry-run --path clusters/prod",
    },
    { does: "sync some services only", line: "gitops sync --service 'payments/*' --service web" },
    { does: "do the deletes that were held at a commit", line: "gitops sync --confirm 3f2a91c5d0e1" },
    { does: "take over from Flux, which still runs", line: "gitops sync --adopt flux" },
    { does: "for scripts", line: "gitops sync -o json | jq '.services[] | select(.state == \"failed\")'" },
  ],
  exits: [
    { code: 0, means: "every service is as git says" },
    { code: 1, means: "some service failed; the others are as git says" },
    { code: 2, means: "it could not run: flags, git or the cluster; nothing was changed" },
    { code: 3, means: "nothing failed, but deletes are held" },
    { code: 130, means: "stopped by Ctrl-C (143: by SIGTERM); what was begun was finished" },
  ],
  run(call) {
    const { settings, printer, world } = call;
    const mode = settings.dryRun ? "dry-run" : "sync";
    return withEngine(call, async (engine, stopping) => {
      const outcome = await watchPass(call, engine, mode, stopping.signal);
      if (mode === "sync") await writeRecord(settings, outcome, world);
      const exit = syncExit(outcome);
      if (outcome.failures.length > 0) return printer.error(outcome.failures, stopping.exit(exit));
      printer.result(
        () => passDocument(outcome, mode, stopping.exit(exit)),
        (paint) => passText(outcome, { mode, all: settings.verbose, paint }),
      );
      return exit;
    });
  },
};
