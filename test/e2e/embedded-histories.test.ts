import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { askEmbedded, askServer, bareEmbedded } from "../contract/server/asks.ts";
import { histories } from "../contract/server/histories.ts";
import { type Ask, transcript } from "../contract/server/transcript.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

const RUNS = 60;

describeWithCluster("the embedded cluster and a real API server", () => {
  test("answer any history of applies, edits and deletes alike: status, object and managedFields", async () => {
    const [real, embedded] = [askServer(sharedCluster()), askEmbedded(bareEmbedded(systemClock()))];
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const ns = `history-${randomBytes(6).toString("hex")}`;
        const told = async (ask: Ask) => {
          await ask({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: ns } } });
          return await transcript(ask, history, ns);
        };
        expect(await told(embedded)).toEqual(await told(real));
      }),
      { numRuns: RUNS },
    );
  });
});
