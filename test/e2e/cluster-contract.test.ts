import { systemClock } from "../../src/clock.ts";
import { connect } from "../../src/cluster/index.ts";
import { clusterContract } from "../contract/cluster/contract.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

describeWithCluster("over HTTP to a real API server", () => {
  clusterContract("the cluster contract", async () => {
    const access = { kind: "kubeconfig", paths: [sharedCluster().kubeconfigPath] } as const;
    const connection = await connect({ access, userAgent: "gitops/0.0.0", pageSize: 10 }, systemClock());
    if (!connection.ok) throw new Error(JSON.stringify(connection.failures));
    return connection.value;
  });
});
