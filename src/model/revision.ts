/** One commit of the source. */
export interface Revision {
  /** The ref as asked for: a branch, a tag, or the commit itself. For `HEAD` the branch that it stands for, if it is on one. */
  readonly ref: string;
  readonly commit: string;
}

/** Flux's form: `main@sha1:3f2a91c…`, or `sha1:3f2a91c…` when a commit was asked for (Flux RFC-0005). */
export function revisionText(revision: Revision): string {
  const algorithm = revision.commit.length === 64 ? "sha256" : "sha1";
  const id = `${algorithm}:${revision.commit}`;
  return revision.ref === revision.commit ? id : `${revision.ref}@${id}`;
}

export function isSameRevision(a: Revision, b: Revision): boolean {
  return a.ref === b.ref && a.commit === b.commit;
}
