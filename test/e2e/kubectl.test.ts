import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { askServer } from "../contract/server/asks.ts";
import { commands, hasKubectl, type } from "../contract/server/kubectl.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

const cache = mkdtempSync(join(tmpdir(), "kubectl-cache-"));
afterAll(() => rmSync(cache, { recursive: true }));

describeWithCluster("kubectl and a real API server", () => {
  test.skipIf(!hasKubectl)("print what is recorded", async () => {
    const ns = `people-${randomBytes(5).toString("hex")}`;
    const { kubeconfigPath, ...server } = sharedCluster();
    await askServer(server)({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: ns } } });
    const said: unknown[] = [];
    for (const command of commands) said.push(await type(command, kubeconfigPath, ns, cache));
    await expect(`${JSON.stringify(said, undefined, 1)}\n`).toMatchFileSnapshot("../../fixtures/server/kubectl.json");
  });
});
