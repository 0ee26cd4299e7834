import { type Cluster, type Kind, problemFailure } from "../cluster/index.ts";
import { type Failure, failed, type LiveMetadata, ok, type Result, refText } from "../model/index.ts";
import { APPLIED_ANNOTATION, ownerOf, ownsLabel, pruneDisabled } from "../plan/index.ts";

/**
 * Deletes one object that a plan proved to be ours and unwanted. The last two proofs of law L2 are made here: the object is
 * read live just now and is still what the plan saw, and the DELETE carries its uid and resourceVersion, so that an object
 * that somebody changes or re-creates in between is not touched.
 */
export async function remove(
  cluster: Pick<Cluster, "metadata" | "remove">,
  kind: Kind,
  planned: LiveMetadata,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<Result<"removed" | "terminating" | "gone">> {
  const { ref } = planned;
  const read = await cluster.metadata(kind, ref.namespace, ref.name, signal);
  if (!read.ok) return failed(problemFailure(read.problem, { verb: "read", what: ref }));
  if (read.value === undefined) return ok("gone");
  const doubt = doubtAbout(read.value, planned);
  if (doubt !== undefined) return failed(changed(planned, doubt));
  // Somebody else deletes it; there is nothing to add to that.
  if (read.value.deletionTimestamp !== undefined) return ok("terminating");
  const { uid, resourceVersion } = read.value;
  const answer = await cluster.remove(
    kind,
    ref.namespace,
    ref.name,
    { uid, resourceVersion, propagation: "Background", ...(dryRun ? { dryRun } : {}) },
    signal,
  );
  if (answer.ok) return ok(answer.value);
  if (answer.problem.status === 409) return failed(changed(planned, "it changed while it was being deleted"));
  return failed({ ...problemFailure(answer.problem, { verb: "delete", what: ref }), code: "prune/failed" });
}

function doubtAbout(now: LiveMetadata, planned: LiveMetadata): string | undefined {
  const [owner, before] = [ownerOf(now), ownerOf(planned)];
  if (now.uid !== planned.uid) return "it was re-created since";
  if (owner === undefined || owner.service !== before?.service || owner.scope !== before.scope)
    return "its owner changed";
  if (!ownsLabel(now)) return "its owner label is not ours any more";
  if (now.annotations[APPLIED_ANNOTATION] !== planned.annotations[APPLIED_ANNOTATION])
    return "it was applied again since";
  if (now.ownerReferences.some(({ controller }) => controller)) return "another object controls it now";
  if (pruneDisabled(now)) return "its prune was disabled";
  return undefined;
}

function changed({ ref }: LiveMetadata, why: string): Failure {
  return {
    code: "prune/changed-since-read",
    message: `${refText(ref)} was not deleted: ${why}`,
    remedy: "run again; it is looked at afresh",
    object: refText(ref),
  };
}
