import { describe, expect, test } from "vitest";
import type { Guard } from "./guard.ts";
import { type History, historyOf, type RunStep, type Step } from "./history.ts";
import { withoutGuard } from "./mutant.ts";
import { simulate } from "./simulate.ts";
import { NO_TROUBLE } from "./trouble.ts";

/** Commits of random histories, synced one by one, and then a branch that is moved back behind some of them. */
const HISTORIES = 40;
const LIMIT_MS = 120_000;

const ALL = { free: 1000, share: 1, max: 1000 };
const RUN: RunStep = { step: "run", mode: "sync", trouble: NO_TROUBLE, builds: [], cache: "kept", confirm: "nothing" };

function rewrittenOf(seed: number): History {
  const { steps: all, others } = historyOf(seed);
  const commits = all.filter(({ step }) => step === "commit");
  const last = commits.at(-1);
  const steps: readonly Step[] = [
    ...commits.flatMap((commit) => [commit, RUN]),
    { step: "reset", back: 1 + (seed % 3) },
    RUN,
    ...(last === undefined || seed % 2 === 0 ? [] : [last, RUN]),
  ];
  // No breaker says anything: what holds is that history does not go on.
  const breaker = { service: ALL, run: ALL, gone: ALL };
  return { seed, breaker, records: true, ...(others === undefined ? {} : { others }), steps };
}

const GUARD: Guard = {
  name: "rewritten history",
  file: "src/plan/rewritten.ts",
  text: "if (why === undefined) return",
  without: 'if (why !== "") return',
  seeds: [],
};

describe("a branch that is moved back, at random", () => {
  test(
    "A18 nothing is deleted that was applied before, until somebody confirms; then all is as git says",
    async () => {
      for (let seed = 1; seed <= HISTORIES; seed += 1) {
        const { violations } = await simulate(rewrittenOf(seed));
        expect(violations, `seed ${seed}`).toEqual([]);
      }
    },
    LIMIT_MS,
  );

  test(
    "without “rewritten history” a law is broken",
    async () => {
      const program = await withoutGuard(GUARD);
      const noticed = async (seed: number): Promise<boolean> => {
        const { violations } = await simulate(rewrittenOf(seed), program);
        return violations.some(({ what }) => what.includes("history was rewritten since it was applied"));
      };
      let seed = 1;
      while (seed <= HISTORIES && !(await noticed(seed))) seed += 1;
      expect(seed).toBeLessThanOrEqual(HISTORIES);
    },
    LIMIT_MS,
  );
});
