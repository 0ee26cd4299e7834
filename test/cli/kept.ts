import { createEmbedded } from "../../src/embedded/index.ts";
import type { PassOutcome, Result } from "../../src/model/index.ts";
import { readStanding, type Standing, suspend, writeStatus } from "../../src/status/index.ts";
import { COMMIT, MISSING, pass, service, step } from "../report/examples.ts";
import { manualClock } from "../support/manual-clock.ts";

const PLACE = { namespace: "gitops-system", scope: "default" };

/** What three passes left in a cluster: one service fine, one failed after deletes that somebody confirmed, one suspended. */
export async function exampleStanding(): Promise<Standing> {
  const clock = manualClock();
  const cluster = createEmbedded({ clock, controllers: "none" });
  const signal = new AbortController().signal;
  const passed = async (outcome: PassOutcome): Promise<void> => {
    const standing = sure(await readStanding(cluster, PLACE, clock.nowMs(), signal));
    sure(await writeStatus(cluster, clock, standing, outcome, { some: false, heartbeatMs: 1 }, signal));
  };
  const at = new Date(clock.nowMs()).toISOString();
  const web = service("dev/web", "unchanged", { steps: [step("unchanged", "web")] });
  const db = service("dev/db", "suspended", { because: "suspended by Ada: restore" });
  const deleted = {
    steps: [step("delete", "pay-old"), step("update", "pay")],
    confirmed: { by: "Ada <ada@example.org>", at, how: "command" },
    digest: `sha256:${"ab".repeat(32)}`,
  } as const;
  await passed(pass([web, service("dev/pay", "synced", deleted), service("dev/db", "synced")]));
  const asked = { glob: "dev/db", reason: "restore", author: "Ada", at, until: "2026-01-01T06:00:00.000Z" };
  sure(await suspend(cluster, clock, PLACE, [asked], signal));
  const revision = { ref: "main", commit: COMMIT.replace("3", "4") };
  const warnings = [
    { ...MISSING, code: "drift/flapping", message: "kubectl and git fight over spec.replicas" } as const,
  ];
  const failed = service("dev/pay", "failed", {
    failures: [MISSING],
    retry: { attempts: 2, nextAtMs: clock.nowMs() + 60_000 },
  });
  await passed(pass([{ ...web, warnings }, failed, db], { revision }));
  await cluster.close();
  return sure(await readStanding(cluster, PLACE, clock.nowMs(), signal));
}

function sure<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.failures));
  return result.value;
}
