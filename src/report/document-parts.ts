import { type Failure, type Revision, revisionText } from "../model/index.ts";

/** The version of every document. A field may be added within a version; nothing is renamed or taken away. */
export const SCHEMA = 1;

export interface Common<Kind extends string> {
  readonly kind: Kind;
  readonly schema: 1;
}

export interface RevisionDocument {
  readonly ref: string;
  readonly commit: string;
  /** Flux's form, `main@sha1:…`. */
  readonly text: string;
}

export function revisionDocument(revision: Revision): RevisionDocument {
  return { ref: revision.ref, commit: revision.commit, text: revisionText(revision) };
}

/** The documented fields of a failure and no others. */
export function failureDocument({ code, message, remedy, at, chain, object }: Failure): Failure {
  return {
    code,
    message,
    remedy,
    ...(at === undefined ? {} : { at }),
    ...(chain === undefined ? {} : { chain }),
    ...(object === undefined ? {} : { object }),
  };
}
