import type { FieldChange, JsonObject, Manifest } from "../model/index.ts";
import { refKey } from "../model/index.ts";
import {
  appliedFields,
  type Declared,
  fieldChanges,
  ownsReplicas,
  replicasOf,
  type Step,
  withReplicas,
} from "../plan/index.ts";
import type { PassState } from "./state.ts";

/** What a step would change, field by field; undefined when that cannot be told. */
export async function compareStep(
  { io, assembly, inventory }: Pick<PassState, "io" | "assembly" | "inventory">,
  step: Step,
  signal: AbortSignal,
): Promise<readonly FieldChange[] | undefined> {
  if (!("declared" in step)) return undefined;
  const { declared } = step;
  const { ref } = declared;
  const kind = assembly.kindOf(ref);
  if (kind === undefined || assembly.isNew(kind)) return changesOf(declared, undefined, undefined);
  const live = await io.cluster.get(kind, ref.namespace, ref.name, signal);
  if (!live.ok) return undefined;
  const owned = inventory.live.get(refKey(ref));
  return changesOf(declared, live.value, owned === undefined ? undefined : appliedFields(owned)?.fieldsV1);
}

function changesOf(
  declared: Declared,
  live: JsonObject | undefined,
  applied: JsonObject | undefined,
): readonly FieldChange[] {
  return fieldChanges(asApplied(declared, live, applied), live, applied);
}

/** With the replicas that an apply would say: git's of what is new, else those that are there, while they are ours. */
function asApplied(
  { manifest, autoscaled }: Declared,
  live: JsonObject | undefined,
  applied: JsonObject | undefined,
): Manifest {
  if (autoscaled === undefined) return manifest;
  if (live === undefined) return withReplicas(manifest, autoscaled.replicas);
  return ownsReplicas(applied) ? withReplicas(manifest, replicasOf(live)) : manifest;
}
