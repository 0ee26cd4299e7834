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

/** The commit of a revision's text; undefined when it is none. */
export function commitOf(text: string): string | undefined {
  return /(?:^|@)sha(?:1:([0-9a-f]{40})|256:([0-9a-f]{64}))$/
    .exec(text)
    ?.slice(1)
    .find((id) => id !== undefined);
}

/**
 * How an earlier commit stands to a later one. `ancestor`: the later one was made on top of it, or is the same. `stranger`: it
 * was not, as after a force-push. `unknown` never counts as an ancestor.
 */
export type Ancestry =
  | { readonly kind: "ancestor" }
  | { readonly kind: "stranger" }
  | { readonly kind: "unknown"; readonly why: string };
