import { afterAll, beforeAll, describe } from "vitest";
import type { Cluster } from "../../../src/cluster/index.ts";
import { applyCases } from "./apply.ts";
import { definitionCases } from "./definition.ts";
import { discoveryCases } from "./discovery.ts";
import { ownershipCases } from "./ownership.ts";
import { patchCases } from "./patch.ts";
import { readCases } from "./read.ts";
import { refusalCases } from "./refusal.ts";
import { removeCases } from "./remove.ts";
import { type OpenCluster, type Subject, subject } from "./subject.ts";
import { watchCases } from "./watch.ts";

/**
 * What every Cluster does, found out on a real kube-apiserver. A second implementation is as good as the cases it passes.
 * The cluster is opened once; each case works in namespaces and kinds of its own. No controller manager is expected.
 */
export function clusterContract(name: string, open: OpenCluster): void {
  describe(name, () => {
    let opened: Cluster | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.close();
    });
    // Cases are collected before the cluster is open, so that they hold a subject which finds it when they run.
    const cluster = new Proxy({} as Cluster, {
      get: (_target, verb: keyof Cluster) => {
        if (opened === undefined) throw new Error("the cluster is not open");
        return opened[verb];
      },
    });
    const cases: Readonly<Record<string, (s: Subject) => void>> = {
      discovery: discoveryCases,
      apply: applyCases,
      ownership: ownershipCases,
      read: readCases,
      remove: removeCases,
      patch: patchCases,
      refusal: refusalCases,
      watch: watchCases,
      definition: definitionCases,
    };
    for (const [part, add] of Object.entries(cases)) describe(part, () => add(subject(cluster)));
  });
}
