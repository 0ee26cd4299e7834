import { type Cluster, type Kind, liveMetadata } from "../cluster/index.ts";
import type { Json, ObjectRef } from "../model/index.ts";
import { SERVICE_LABEL } from "../plan/index.ts";
import type { Keeper } from "./keeper.ts";

/** The same cluster, that tells the records what its writes came to: the next plan sees them, and their events are no news. */
export function telling(cluster: Cluster, keeperOf: (kind: Kind) => Keeper | undefined): Cluster {
  const wrote = (kind: Kind, object: Json): void => {
    const keeper = keeperOf(kind);
    const live = liveMetadata(kind, object);
    if (keeper === undefined || live === undefined || !(SERVICE_LABEL in live.labels)) return;
    keeper.records.wrote(live);
    keeper.attend();
  };
  return {
    ...cluster,
    async apply(kind, manifest, options, signal) {
      const answer = await cluster.apply(kind, manifest, options, signal);
      if (answer.ok && options.dryRun !== true) wrote(kind, answer.value.object);
      return answer;
    },
    async patch(kind, ...asked) {
      const answer = await cluster.patch(kind, ...asked);
      if (answer.ok) wrote(kind, answer.value);
      return answer;
    },
    async remove(kind, namespace, name, options, signal) {
      const answer = await cluster.remove(kind, namespace, name, options, signal);
      if (answer.ok && answer.value !== "terminating" && options.dryRun !== true) {
        const ref: ObjectRef = {
          group: kind.group,
          kind: kind.kind,
          namespace: kind.namespaced ? namespace : "",
          name,
        };
        keeperOf(kind)?.records.parted(ref, options.uid);
      }
      return answer;
    },
  };
}
