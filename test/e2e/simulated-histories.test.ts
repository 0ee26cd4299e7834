import { afterAll, beforeAll, expect, test } from "vitest";
import { GUARDS } from "../simulator/guards.ts";
import { FAULTS, historyOf } from "../simulator/history.ts";
import { withoutGuard } from "../simulator/mutant.ts";
import { type RealGround, realGround } from "../simulator/real-ground.ts";
import { realStage } from "../simulator/real-stage.ts";
import { simulate } from "../simulator/simulate.ts";
import { tellHistory } from "../simulator/tell.ts";
import type { Trouble } from "../simulator/trouble.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/** The simulator's histories on a real API server, behind a proxy that does to requests what goes wrong with them. */
const HISTORIES = 40;
const AT_ONCE = 10;
/** Those in which much goes wrong on the way to the API server: that is what is different here. */
const TROUBLES_MIN = 2;
// Other tools, workloads and rollouts are in memory only.
const rough = (seed: number): boolean =>
  historyOf(seed).others === undefined &&
  historyOf(seed).steps.reduce((sum, one) => sum + (one.step === "run" ? troubles(one.trouble) : 0), 0) >= TROUBLES_MIN;
const troubles = ({ faults, crash }: Trouble): number => faults.length + (crash === undefined ? 0 : 1);
const seeds = Array.from({ length: 10 * HISTORIES }, (_, index) => index + 1)
  .filter(rough)
  .slice(0, HISTORIES);

describeWithCluster("random histories on a real API server", () => {
  // One of its own: histories see all there is.
  let cluster: TestCluster;
  let ground: RealGround;
  const met = new Set<string | undefined>();
  beforeAll(async () => {
    cluster = await startCluster();
    ground = await realGround(cluster);
  });
  afterAll(async () => {
    await ground?.close();
    await cluster?.stop();
  });

  test.each(Array.from({ length: HISTORIES / AT_ONCE }, (_, index) => index * AT_ONCE))(
    `no law is broken in ${AT_ONCE} histories, the %i before them not counted`,
    async (first) => {
      for (const seed of seeds.slice(first, first + AT_ONCE)) {
        const history = historyOf(seed);
        const verdict = await simulate(history, undefined, await realStage(cluster, ground, history));
        if (verdict.violations.length > 0) expect.fail(tellHistory(history, verdict));
        for (const line of verdict.audit) met.add(line.split(" ")[3]);
      }
    },
  );

  test("each kind of fault was met", () => {
    expect(seeds).toHaveLength(HISTORIES);
    expect(FAULTS.filter((kind) => !met.has(kind))).toEqual([]);
  });

  test.each(["remove: read live", "breaker: run", "claims: owner keeps it"])(
    "without “%s” a law is broken",
    async (name) => {
      const guard = GUARDS.find((one) => one.name === name);
      const [seed] = guard?.seeds ?? [];
      if (guard === undefined || seed === undefined) throw new Error(`no history notices that ${name} is missing`);
      const history = historyOf(seed);
      const { violations } = await simulate(
        history,
        await withoutGuard(guard),
        await realStage(cluster, ground, history),
      );
      expect(violations).not.toEqual([]);
    },
  );
});
