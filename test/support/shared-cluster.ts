import { describe, inject } from "vitest";
import { openCluster, type TestCluster } from "./cluster.ts";

/** `describe` for what needs the run's shared cluster: skipped, as the lane says, when there can be none. */
export const describeWithCluster = describe.skipIf(inject("cluster")?.dir === undefined);

/** The one cluster that all files of a run share. Each test works in namespaces of its own. */
export function sharedCluster(): TestCluster {
  const dir = inject("cluster").dir;
  if (dir === undefined) throw new Error("the cluster lane has no cluster");
  return openCluster(dir);
}
