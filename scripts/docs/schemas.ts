import * as v from "valibot";
import {
  brief,
  confirmation,
  count,
  counts,
  exit,
  failure,
  json,
  ms,
  optional,
  place,
  ref,
  revision,
  STATE_NAMES,
  say,
  schema,
  service,
  state,
  states,
  step,
} from "./schema-parts.ts";

const passDocument = v.strictObject({
  kind: v.literal("Pass"),
  schema,
  mode: v.picklist(["sync", "dry-run", "diff"]),
  exit,
  revision: optional(revision, "what was synced"),
  counts: say(counts, "objects, in all services"),
  states: say(states, "services by state"),
  builds: say(count, "builds that were run"),
  durationMs: ms,
  services: v.array(service),
  failures: say(v.array(failure), "of the run itself; with any, nothing was changed"),
});

const found = v.strictObject({
  id: v.string(),
  origin: say(v.picklist(["flux", "folder", "documents"]), "how it came to be a service"),
  folder: say(v.string(), "the folder that is built"),
  at: say(place, "where it is defined"),
  why: v.string(),
  settings: v.strictObject({
    prune: v.boolean(),
    suspend: v.boolean(),
    targetNamespace: v.string(),
    dependsOn: v.array(v.string()),
    intervalMs: ms,
    timeoutMs: ms,
    retryMs: ms,
    deletionPolicy: v.picklist(["prune", "orphan"]),
    drift: v.picklist(["enforce", "detect", "off"]),
    wait: v.boolean(),
    healthChecks: v.array(ref),
    recreate: v.boolean(),
    adopt: v.array(v.picklist(["flux", "helm", "argo", "kapp"])),
    tenant: v.string(),
    deleteLimit: optional(v.strictObject({ free: count, share: v.number(), max: count }), "its own, when it has one"),
  }),
  objects: optional(count, "of a service that needs no build"),
});

const servicesDocument = v.strictObject({
  kind: v.literal("Services"),
  schema,
  exit,
  revision,
  complete: say(v.boolean(), "false: some files could not be read, so there may be more services"),
  services: v.array(found),
  broken: say(
    v.array(v.strictObject({ id: v.string(), at: place, failures: v.array(failure) })),
    "services that cannot be reconciled",
  ),
  ignored: say(v.array(v.strictObject({ at: place, why: v.string() })), "documents that were seen and left alone"),
});

const kept = v.strictObject({
  ...brief.entries,
  object: failure.entries.object,
  since: optional(v.string(), "ISO 8601: since when it is so"),
});

const conditions = v.array(
  v.strictObject({
    type: v.picklist(["Ready", "Healthy", "Reconciling", "Stalled"]),
    status: v.picklist(["True", "False", "Unknown"]),
    reason: say(v.string(), "one of Flux's reasons: `ReconciliationSucceeded`, `BuildFailed`, …"),
    message: v.string(),
    lastTransitionTime: say(v.string(), "ISO 8601: when the status last changed"),
  }),
);

const suspension = v.strictObject({
  glob: say(v.string(), "over service ids"),
  reason: v.string(),
  author: say(v.string(), "who asked for it"),
  at: say(v.string(), "ISO 8601"),
  until: optional(v.string(), "ISO 8601: when it ends by itself"),
});

const attempted = say(v.string(), "`main@sha1:…`: revision of the last pass that looked after it");
const applied = say(v.string(), "`main@sha1:…`: the last revision that was applied from end to end");

const statusDocument = v.strictObject({
  kind: v.literal("Status"),
  schema,
  exit,
  scope: v.string(),
  from: say(v.picklist(["cluster", "machine"]), "what passes left in the cluster, or only on this machine"),
  lastPass: optional(v.string(), "when the last pass ended, ISO 8601"),
  services: v.array(
    v.strictObject({
      service: v.string(),
      state: say(
        v.picklist([...STATE_NAMES, "stale", "unknown"]),
        "of the last pass; `stale` when the last success is too old, `unknown` without a record",
      ),
      owned: optional(count, "objects in the cluster now that are its own; absent when the cluster could not be asked"),
      objects: optional(count, "objects it declares that were in place"),
      lastAttempt: optional(v.string(), "ISO 8601"),
      lastSuccess: optional(v.string(), "ISO 8601"),
      lastSuccessRevision: optional(v.string(), "commit"),
      failures: v.array(kept),
      attempted: v.optional(attempted),
      applied: v.optional(applied),
      conditions: optional(conditions, "as Flux's Kustomizations have them; only from the cluster"),
      warnings: optional(v.array(kept), "what is not right and holds up nothing"),
      retry: optional(
        v.strictObject({ attempts: say(count, "failures in a row"), nextAt: say(v.string(), "ISO 8601") }),
        "of a service that failed",
      ),
      suspended: optional(suspension, "who asked that it be left alone; absent when git says so"),
    }),
  ),
  failures: say(v.array(kept), "why the last pass did not run, or the cluster could not be asked"),
});

const historyDocument = v.strictObject({
  kind: v.literal("History"),
  schema,
  exit,
  service: v.string(),
  state,
  applied: v.optional(applied),
  attempted,
  conditions,
  history: say(
    v.array(
      v.strictObject({
        at: say(v.string(), "ISO 8601"),
        revision: say(v.string(), "`main@sha1:…`"),
        digest: optional(v.string(), "hash over what it declared"),
        durationMs: ms,
        result: state,
        what: say(v.string(), "what was done, or why not: `2 updated`, `build/missing-resource`"),
        confirmed: optional(confirmation, "who confirmed deletes that were held before"),
      }),
    ),
    "newest first, five at most",
  ),
});

const eventsDocument = v.strictObject({
  kind: v.literal("Events"),
  schema,
  exit,
  events: say(
    v.array(
      v.strictObject({
        service: say(v.string(), "empty of one about several services"),
        type: say(v.string(), "`Normal` or `Warning`"),
        reason: v.string(),
        message: v.string(),
        at: say(v.string(), "ISO 8601"),
      }),
    ),
    "the oldest first",
  ),
});

const suspensionsDocument = v.strictObject({
  kind: v.literal("Suspensions"),
  schema,
  exit,
  suspensions: say(v.array(suspension), "all that hold now"),
  services: say(v.array(v.string()), "services that are known and held by them"),
  notSuspended: optional(v.array(v.string()), "globs of `gitops resume` by which nothing was suspended"),
});

const confirmedDocument = v.strictObject({
  kind: v.literal("Confirmed"),
  schema,
  exit,
  commit: say(v.string(), "as it was given"),
  globs: say(v.array(v.string()), "whose deletes; `**` for all"),
  by: v.string(),
  at: say(v.string(), "ISO 8601"),
  held: say(v.array(v.string()), "services whose deletes are known to be held at it"),
});

const orphansDocument = v.strictObject({
  kind: v.literal("Orphans"),
  schema,
  exit,
  revision,
  complete: say(v.boolean(), "false when definitions could not be read: what their services own is not told"),
  orphans: v.array(
    v.strictObject({
      ...ref.entries,
      service: optional(v.string(), "whose label it carries"),
      why: say(v.string(), "why it is still there"),
      deleted: say(v.boolean(), "true when a sync at this revision deletes it"),
    }),
  ),
  unlisted: say(v.array(v.strictObject({ kind: v.string(), why: v.string() })), "kinds that could not be listed"),
});

const authored = v.strictObject({
  commit: v.string(),
  author: v.string(),
  email: v.string(),
  subject: v.string(),
  at: say(v.string(), "ISO 8601"),
  exact: say(v.boolean(), "false: the history at hand ends here, so that it may have been an earlier commit"),
});

const drifted = v.array(
  v.strictObject({ path: v.string(), manager: v.optional(v.string()), since: v.optional(v.string()) }),
);

const whyDocument = v.strictObject({
  kind: v.literal("Why"),
  schema,
  exit,
  service: v.string(),
  revision,
  at: optional(place, "where the service is defined"),
  because: say(v.string(), "in a few words"),
  runs: say(v.boolean(), "whether a sync would build, write or delete anything"),
  footprint: optional(count, "paths that its build looked at"),
  changed: optional(v.array(v.string()), "those that are not as the last build found them; absent when none is known"),
  change: optional(authored, "who last changed what it is built from"),
  steps: say(
    v.array(
      v.strictObject({
        ...ref.entries,
        action: step.entries.action,
        why: v.string(),
        confirmable: step.entries.confirmable,
        at: v.optional(place),
        drift: v.optional(drifted),
      }),
    ),
    "objects about which something would be done, or is held",
  ),
  unchanged: say(count, "objects that are as git says"),
  driftUnseen: optional(
    v.literal(true),
    "`drift: off`: whether others changed what is counted as unchanged is not looked at",
  ),
  failures: v.array(failure),
});

const treeDocument = v.strictObject({
  kind: v.literal("Tree"),
  schema,
  exit,
  scope: v.string(),
  services: v.array(
    v.strictObject({
      service: v.string(),
      objects: v.array(
        v.strictObject({
          ...ref.entries,
          proven: say(v.boolean(), "false: the label was copied, no apply of ours wrote it"),
          appliedAt: optional(v.string(), "ISO 8601"),
          others: say(v.array(v.string()), "other field managers that have fields of it"),
          terminating: optional(v.string(), "since when it is being deleted, ISO 8601"),
        }),
      ),
    }),
  ),
});

const traceDocument = v.strictObject({
  kind: v.literal("Trace"),
  schema,
  exit,
  object: ref,
  controllers: say(v.array(ref), "from the object's own to the one that a service declares"),
  service: optional(v.string(), "whose label it carries"),
  scope: v.optional(v.string()),
  proven: say(v.boolean(), "true when an apply of ours wrote that label"),
  managers: say(v.array(v.string()), "other field managers that have fields of it"),
  revision,
  definedAt: optional(place, "where the service is defined"),
  declaredAt: optional(place, "where the object is declared"),
  change: optional(authored, "who last changed that file"),
  action: optional(step.entries.action, "what the next sync does about it"),
  why: v.optional(v.string()),
});

const buildDocument = v.strictObject({
  kind: v.literal("Build"),
  schema,
  exit,
  service: v.string(),
  revision,
  objects: say(v.array(json), "the manifests, in the order of the build"),
});

const limit = v.strictObject({ free: count, share: v.number(), max: count });
const effectiveSettingsDocument = v.strictObject({
  kind: v.literal("EffectiveSettings"),
  schema,
  exit,
  revision,
  file: optional(v.string(), "the `gitops.yaml` of the revision; absent when there is none"),
  breaker: say(v.strictObject({ service: limit, run: limit, gone: limit }), "deletes that are too many at once"),
  protect: say(v.array(v.string()), "kinds as `group/Kind`, beside those that always are protected"),
  rewrites: say(v.picklist(["hold", "allow"]), "what becomes of deletes when history was rewritten"),
  services: v.array(
    v.strictObject({
      service: say(v.string(), "id"),
      settings: say(v.record(v.string(), json), "as `gitops.yaml` has them: see settings.md"),
      from: say(v.record(v.string(), place), "where they are written; absent for what is usual"),
    }),
  ),
  broken: say(
    v.array(v.strictObject({ id: v.string(), at: place, failures: v.array(failure) })),
    "services that cannot be reconciled",
  ),
  unused: say(v.array(v.strictObject({ match: v.array(v.string()), at: place })), "entries that match no service"),
  stray: say(v.array(v.strictObject({ at: place, why: v.string() })), "files of settings that are for nobody"),
});

const versionDocument = v.strictObject({
  kind: v.literal("Version"),
  schema,
  version: v.string(),
  node: v.string(),
  platform: v.string(),
});

const errorDocument = v.strictObject({
  kind: v.literal("Error"),
  schema,
  exit,
  failures: say(v.array(failure), "why the command could not run, or why a build failed"),
});

/** What `-o json` prints, by kind, and which command prints it. */
export const SCHEMAS = {
  Pass: { from: "`gitops sync`, `gitops diff`", schema: passDocument },
  Services: { from: "`gitops services`", schema: servicesDocument },
  Status: { from: "`gitops status`", schema: statusDocument },
  History: { from: "`gitops history`", schema: historyDocument },
  Events: { from: "`gitops events`", schema: eventsDocument },
  Suspensions: { from: "`gitops suspend`, `gitops resume`", schema: suspensionsDocument },
  Confirmed: { from: "`gitops confirm`", schema: confirmedDocument },
  Orphans: { from: "`gitops orphans`", schema: orphansDocument },
  Why: { from: "`gitops why`", schema: whyDocument },
  Tree: { from: "`gitops tree`", schema: treeDocument },
  Trace: { from: "`gitops trace`", schema: traceDocument },
  Build: { from: "`gitops build`", schema: buildDocument },
  EffectiveSettings: { from: "`gitops settings`", schema: effectiveSettingsDocument },
  Version: { from: "`gitops version`", schema: versionDocument },
  Error: { from: "every command that could not run", schema: errorDocument },
} as const;

export const anyDocument = v.variant("kind", [
  passDocument,
  servicesDocument,
  statusDocument,
  historyDocument,
  eventsDocument,
  suspensionsDocument,
  confirmedDocument,
  orphansDocument,
  whyDocument,
  treeDocument,
  traceDocument,
  buildDocument,
  effectiveSettingsDocument,
  versionDocument,
  errorDocument,
]);
