import type { LiveMetadata } from "../model/index.ts";
import { APPLIED_ANNOTATION, appliedFields, isOrphaned, keptBy, ownerOf, ownsLabel } from "../plan/index.ts";
import { sameFields } from "./compact.ts";

/** What became of an object of ours, as far as a plan could come out differently for it. */
export type What =
  /** It is there and was not. */
  | "appeared"
  /** It is gone, or lost the owner label. */
  | "deleted"
  | "recreated"
  /** Its owner labels name somebody else. */
  | "owner"
  /** The hash of what was applied is another. */
  | "applied"
  /** A switch on it was turned that says whether we leave it alone or keep it. */
  | "switch"
  /** Our Apply entry is gone or has other fields: somebody wrote over what we set. */
  | "fields";

export interface Change {
  readonly what: What;
  readonly before?: LiveMetadata;
  readonly after?: LiveMetadata;
}

/**
 * The change from one record of an object to the next, or undefined when no plan depends on it: a status, fields of others,
 * and objects that only carry a copy of our label change all the time.
 */
export function changeOf(before: LiveMetadata | undefined, after: LiveMetadata | undefined): Change | undefined {
  const ours = [before, after].some((one) => one !== undefined && ownsLabel(one));
  if (!ours) return undefined;
  const both = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  if (before === undefined) return { what: "appeared", ...both };
  if (after === undefined) return { what: "deleted", ...both };
  if (before.uid !== after.uid) return { what: "recreated", ...both };
  const [was, is] = [ownerOf(before), ownerOf(after)];
  if (was?.service !== is?.service || was?.scope !== is?.scope) return { what: "owner", ...both };
  if (before.annotations[APPLIED_ANNOTATION] !== after.annotations[APPLIED_ANNOTATION])
    return { what: "applied", ...both };
  if (keptBy(before) !== keptBy(after) || isOrphaned(before) !== isOrphaned(after)) return { what: "switch", ...both };
  const same = sameFields(appliedFields(before)?.fieldsV1, appliedFields(after)?.fieldsV1);
  return same ? undefined : { what: "fields", ...both };
}
