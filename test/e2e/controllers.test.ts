import { randomBytes } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { askServer } from "../contract/server/asks.ts";
import { controllerCases } from "../contract/server/controller-cases.ts";
import type { Ask } from "../contract/server/transcript.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

describeWithCluster("a real controller manager", () => {
  let cluster: TestCluster;
  let ask: Ask;
  beforeAll(async () => {
    cluster = await startCluster({ rollouts: true });
    ask = askServer(cluster);
  });
  afterAll(() => cluster.stop());
  controllerCases(() => ({
    ask,
    pause: () => new Promise((resolve) => setTimeout(resolve, 50)),
    async namespace() {
      const name = `controlled-${randomBytes(5).toString("hex")}`;
      await ask({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name } } });
      return name;
    },
  }));
});
