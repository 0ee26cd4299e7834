import type { Cluster } from "../../src/cluster/index.ts";
import { child, type Manifest } from "../../src/model/index.ts";
import { NOTE } from "./monorepo.ts";

/** What a mutating admission webhook does to a field of what is applied in one of the namespaces. */
export type Webhook = "strips" | "rewrites";

const NAMESPACE = "one";

/**
 * A cluster with a webhook. It is asked before the server works out who owns which field, so that what it strips is nobody's:
 * as when a webhook strips it from managedFields, too.
 */
export function behindWebhook(cluster: Cluster, webhook: Webhook | undefined): Cluster {
  if (webhook === undefined) return cluster;
  return {
    ...cluster,
    apply: (kind, manifest, options, signal) => cluster.apply(kind, mutated(manifest, webhook), options, signal),
  };
}

function mutated(manifest: Manifest, webhook: Webhook): Manifest {
  const { [NOTE]: note, ...others } = child(manifest.metadata, "annotations") ?? {};
  if (manifest.metadata.namespace !== NAMESPACE || note === undefined) return manifest;
  const annotations = webhook === "strips" ? others : { ...others, [NOTE]: "of the webhook" };
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}
