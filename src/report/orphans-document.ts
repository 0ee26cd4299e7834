import type { Orphan, Orphans } from "../model/index.ts";
import { type Common, type RevisionDocument, revisionDocument, SCHEMA } from "./document-parts.ts";

export interface OrphansDocument extends Common<"Orphans"> {
  readonly exit: number;
  readonly revision: RevisionDocument;
  readonly complete: boolean;
  readonly orphans: readonly (Orphan["ref"] & Omit<Orphan, "ref">)[];
  readonly unlisted: Orphans["unlisted"];
}

export function orphansDocument({ revision, complete, orphans, unlisted }: Orphans, exit: number): OrphansDocument {
  return {
    kind: "Orphans",
    schema: SCHEMA,
    exit,
    revision: revisionDocument(revision),
    complete,
    // An object's kind stands beside the document's own: in an entry, `kind` is the object's.
    orphans: orphans.map(({ ref: { group, kind, namespace, name }, service, why, deleted }) => ({
      group,
      kind,
      namespace,
      name,
      ...(service === undefined ? {} : { service }),
      why,
      deleted,
    })),
    unlisted,
  };
}
