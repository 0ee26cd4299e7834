import type { BrokenService, DeleteLimit, Json, Place, Revision } from "../model/index.ts";
import { type Common, failureDocument, type RevisionDocument, revisionDocument, SCHEMA } from "./document-parts.ts";
import { type SettingsReport, settingsOf } from "./settings-text.ts";

export interface SettingsDocument extends Common<"EffectiveSettings"> {
  readonly exit: number;
  readonly revision: RevisionDocument;
  readonly file?: string;
  readonly breaker: Readonly<Record<"service" | "run" | "gone", DeleteLimit>>;
  readonly protect: readonly string[];
  readonly rewrites: SettingsReport["rewrites"];
  readonly services: readonly {
    readonly service: string;
    /** As `gitops.yaml` has them. */
    readonly settings: Readonly<Record<string, Json>>;
    readonly from: Readonly<Record<string, Place>>;
  }[];
  readonly broken: readonly Pick<BrokenService, "id" | "at" | "failures">[];
  readonly unused: readonly { readonly match: readonly string[]; readonly at: Place }[];
  readonly stray: SettingsReport["stray"];
}

export function settingsDocument(report: SettingsReport, revision: Revision, exit: number): SettingsDocument {
  const { file, breaker, protect, rewrites, services, broken, unused, stray } = report;
  return {
    kind: "EffectiveSettings",
    schema: SCHEMA,
    exit,
    revision: revisionDocument(revision),
    ...(file === undefined ? {} : { file }),
    breaker,
    protect,
    rewrites,
    services: services.map((service) => {
      const settings = settingsOf(service, breaker.service);
      return {
        service: service.id,
        settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
        from: Object.fromEntries(settings.flatMap(({ name, at }) => (at === undefined ? [] : [[name, at]]))),
      };
    }),
    broken: broken.map(({ id, at, failures }) => ({ id, at, failures: failures.map(failureDocument) })),
    unused: unused.map(({ globs, at }) => ({ match: globs, at })),
    stray,
  };
}
