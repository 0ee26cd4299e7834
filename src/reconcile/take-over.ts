import { type Cluster, type Kind, problemFailure } from "../cluster/index.ts";
import { failed, type LiveMetadata, ok, type Result } from "../model/index.ts";
import { type Declared, foreignOwners, hasFormerManager, ownerOf, ownsLabel, takeOverPatch } from "../plan/index.ts";

/** Others may write in between; then the object is looked at again. */
const TRIES = 4;

/**
 * Prepares a live object for our apply, where somebody else applied it before: their fields become ours, so that what git
 * drops later goes. `before` is what the plan saw; one with our label is looked at once more, as its record may be cut short.
 * Nothing is sent when there is nothing to prepare.
 */
export async function takeOver(
  cluster: Pick<Cluster, "metadata" | "patch">,
  kind: Kind,
  { ref, manifest, at }: Declared,
  before: LiveMetadata | undefined,
  signal: AbortSignal,
): Promise<Result<void>> {
  if (before === undefined) return ok(undefined);
  const adopting = ownerOf(before) === undefined;
  const proven = ownsLabel(before);
  const from = { proven, tools: proven ? [] : foreignOwners(before).map(({ tool }) => tool) };
  if (!adopting && !hasFormerManager(before, from)) return ok(undefined);
  let live: LiveMetadata | undefined = adopting ? before : undefined;
  for (let tried = 1; ; tried += 1) {
    if (live === undefined) {
      const read = await cluster.metadata(kind, ref.namespace, ref.name, signal);
      if (!read.ok) return failed(problemFailure(read.problem, { verb: "read", what: ref, at }));
      live = read.value;
    }
    const patch = live === undefined ? undefined : takeOverPatch(live, manifest, { adopting, ...from });
    if (patch === undefined) return ok(undefined);
    const answer = await cluster.patch(kind, ref.namespace, ref.name, "application/json-patch+json", patch, signal);
    if (answer.ok || answer.problem.status === 404) return ok(undefined);
    if (answer.problem.status !== 409 || tried === TRIES)
      return failed(problemFailure(answer.problem, { verb: "patch", what: ref, at }));
    live = undefined;
  }
}
