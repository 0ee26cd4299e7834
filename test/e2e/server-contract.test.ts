import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/model/index.ts";
import { askServer } from "../contract/server/asks.ts";
import { cases, fixtureOf } from "../contract/server/cases.ts";
import { transcript } from "../contract/server/transcript.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

/** The fixtures are what a real API server answers; `vitest run --project cluster -u` writes them anew. */
describeWithCluster("the recorded answers are a real API server's", () => {
  describe.each(Object.keys(cases))("%s", (part) => {
    test("all cases", async () => {
      const ask = askServer(sharedCluster());
      const answers: Record<string, Json> = {};
      for (const one of cases[part] ?? []) {
        const ns = `case-${randomBytes(5).toString("hex")}`;
        await ask({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: ns } } });
        answers[one.name] = await transcript(ask, one, ns);
      }
      await expect(`${JSON.stringify(answers, undefined, 1)}\n`).toMatchFileSnapshot(`../../${fixtureOf(part)}`);
    });
  });
});
