import { type Cluster, isLiveObject, type Kind, liveMetadata } from "../cluster/index.ts";
import type { Json, ObjectRef } from "../model/index.ts";
import { SERVICE_LABEL } from "../plan/index.ts";
import type { Change } from "./change.ts";
import type { Keeper } from "./keeper.ts";
import type { Write } from "./records.ts";

/** The same cluster, that tells the records what its writes come to: the next plan sees them, and their events are no news. */
export function telling(cluster: Cluster, keeperOf: (kind: Kind) => Keeper | undefined): Cluster {
  /** Sends a write, and tells what came of it. */
  const told = async <T>(
    kind: Kind,
    [namespace, name]: readonly [string, string],
    send: () => Promise<T>,
    end: (write: Write, answer: T) => readonly Change[],
  ): Promise<T> => {
    const keeper = keeperOf(kind);
    if (keeper === undefined) return await send();
    const ref: ObjectRef = { group: kind.group, kind: kind.kind, namespace: kind.namespaced ? namespace : "", name };
    const write = keeper.records.write(ref);
    let answer: T;
    try {
      answer = await send();
    } catch (cause) {
      keeper.tell(write.failed());
      throw cause;
    }
    keeper.tell(end(write, answer));
    keeper.attend();
    return answer;
  };
  const wrote = (kind: Kind, write: Write, object: Json): readonly Change[] => {
    const live = isLiveObject(object) ? liveMetadata(kind, object) : undefined;
    return live === undefined || !(SERVICE_LABEL in live.labels) ? write.failed() : write.done(live);
  };
  return {
    ...cluster,
    apply: (kind, manifest, options, signal) =>
      options.dryRun === true
        ? cluster.apply(kind, manifest, options, signal)
        : told(
            kind,
            [manifest.metadata.namespace ?? "", manifest.metadata.name],
            () => cluster.apply(kind, manifest, options, signal),
            (write, answer) => (answer.ok ? wrote(kind, write, answer.value.object) : write.failed()),
          ),
    patch: (kind, namespace, name, ...asked) =>
      told(
        kind,
        [namespace, name],
        () => cluster.patch(kind, namespace, name, ...asked),
        (write, answer) => (answer.ok ? wrote(kind, write, answer.value) : write.failed()),
      ),
    remove: (kind, namespace, name, options, signal) =>
      options.dryRun === true
        ? cluster.remove(kind, namespace, name, options, signal)
        : told(
            kind,
            [namespace, name],
            () => cluster.remove(kind, namespace, name, options, signal),
            (write, answer) => {
              if (!answer.ok) return write.failed();
              return answer.value === "terminating" ? write.leaving(options.uid) : write.removed(options.uid);
            },
          ),
  };
}
