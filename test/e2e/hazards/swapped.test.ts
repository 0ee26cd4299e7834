import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../../support/cluster.ts";
import { isOfServices } from "../../support/fleet.ts";
import { flagsOf, start } from "../../support/program.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet } from "../../support/small-fleet.ts";

/** A kubeconfig that becomes another cluster's, and its own again, while a process goes on. */
describeWithCluster("a context that moves to another cluster under a running process", () => {
  let other: TestCluster;
  let fleet: SmallFleet;
  beforeAll(async () => {
    other = await startCluster();
    fleet = await startSmallFleet("hazard-swapped");
  });
  afterAll(async () => {
    await fleet?.close();
    await other?.stop();
  });

  test("A15 whatever is committed then, the other cluster gets no write, and the one that is meant all of it", async () => {
    const kubeconfig = join(fleet.target.cacheDir, "..", "kubeconfig");
    copyFileSync(fleet.cluster.kubeconfigPath, kubeconfig);
    const pace = ["--poll", "1s", "--interval", "1s", "--listen", "127.0.0.1:0"];
    await fleet.commit(fleet.declares("shop", { object: map("object", "1"), dropped: map("dropped") }));
    const child = start(["run", ...flagsOf({ ...fleet.target, kubeconfig }), ...fleet.scope, ...pace]);
    const said = { text: "" };
    child.stderr?.on("data", (data: Buffer) => {
      said.text += data.toString();
    });
    const passes = (): number => said.text.split('"pass ended"').length - 1;
    const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
      while (!(await is())) await sleep(50);
    };
    try {
      await until(() => passes() > 0);
      const marks = [fleet.cluster.mark(), other.mark()] as const;
      copyFileSync(other.kubeconfigPath, kubeconfig);
      await fleet.commit(fleet.declares("shop", { object: map("object", "2"), dropped: null }));
      const before = passes();
      await until(() => passes() > before + 3);
      copyFileSync(fleet.cluster.kubeconfigPath, kubeconfig);
      const value = async () =>
        (await fleet.ask("GET", fleet.path("object")))?.["data"] as { VALUE?: string } | undefined;
      await until(async () => (await value())?.VALUE === "2");
      await until(async () => (await fleet.uid("dropped")) === undefined);
      const written = fleet.cluster.audit({ since: marks[0], userAgent: "gitops/" }).filter(isOfServices);
      expect(written.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual([
        "patch object",
        "delete dropped",
      ]);
      expect(other.audit({ since: marks[1], userAgent: "gitops/" })).toEqual([]);
    } finally {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  });
});
