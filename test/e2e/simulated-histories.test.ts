import { afterAll, beforeAll, expect, test } from "vitest";
import { historyOf } from "../simulator/history.ts";
import { type RealGround, realGround } from "../simulator/real-ground.ts";
import { realStage } from "../simulator/real-stage.ts";
import { simulate } from "../simulator/simulate.ts";
import { tellHistory } from "../simulator/tell.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/** The simulator's histories on a real API server, behind a proxy that does to requests what goes wrong with them. */
const HISTORIES = 40;
const AT_ONCE = 10;

describeWithCluster("random histories on a real API server", () => {
  // One of its own: histories see all there is.
  let cluster: TestCluster;
  let ground: RealGround;
  beforeAll(async () => {
    cluster = await startCluster();
    ground = await realGround(cluster);
  });
  afterAll(async () => {
    await ground?.close();
    await cluster?.stop();
  });

  test.each(Array.from({ length: HISTORIES / AT_ONCE }, (_, index) => index * AT_ONCE + 1))(
    `no law is broken in ${AT_ONCE} histories from seed %i on`,
    async (first) => {
      for (let seed = first; seed < first + AT_ONCE; seed += 1) {
        const history = historyOf(seed);
        const verdict = await simulate(history, undefined, await realStage(cluster, ground, history));
        if (verdict.violations.length > 0) expect.fail(tellHistory(history, verdict));
      }
    },
  );
});
