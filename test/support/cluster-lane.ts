import type { TestProject } from "vitest/node";
import { findBinaries } from "../cluster-lab/binaries.ts";
import { startCluster } from "./cluster.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The shared cluster's folder; none when there can be no cluster here. */
    cluster: { readonly dir?: string };
  }
}

/**
 * Starts the one cluster that a run's files share, and ends it. Where there can be none, the lane's tests are skipped and
 * the run's last lines say so; in CI that is a failure, for a lane that never runs proves nothing.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binaries = await findBinaries(false, (line) => console.error(line));
  if (!binaries.found) {
    if (process.env["CI"] === "true") throw new Error(`the cluster lane cannot run: ${binaries.why}`);
    project.provide("cluster", {});
    return async () => console.error(`\ncluster lane SKIPPED: ${binaries.why}`);
  }
  const cluster = await startCluster();
  project.provide("cluster", { dir: cluster.dir });
  return () => cluster.stop();
}
