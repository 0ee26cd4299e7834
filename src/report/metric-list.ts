/** One metric as the documentation lists it. */
export interface MetricDescription {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

/** Every metric there is; `docs/metrics.md` is made of this list. */
export const METRICS = {
  passes: {
    name: "gitops_passes_total",
    type: "counter",
    labels: ["result"],
    help: "Passes by result: ok, failed (a service failed), held, or error (the pass could not run).",
  },
  passSeconds: {
    name: "gitops_pass_duration_seconds",
    type: "histogram",
    labels: [],
    help: "How long passes took, from fetching to the last write.",
  },
  lastPass: {
    name: "gitops_last_pass_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When the last pass that ran ended, in seconds since 1970.",
  },
  serviceState: {
    name: "gitops_service_state",
    type: "gauge",
    labels: ["service", "state"],
    help: "1 for the state that a service is in after its last pass, 0 for the others.",
  },
  lastSuccess: {
    name: "gitops_last_success_timestamp_seconds",
    type: "gauge",
    labels: ["service"],
    help: "When a service was last found or made as git says, in seconds since 1970.",
  },
  retryAt: {
    name: "gitops_service_retry_at_seconds",
    type: "gauge",
    labels: ["service"],
    help: "When a service that failed is tried again, in seconds since 1970; only while it fails.",
  },
  retryAttempts: {
    name: "gitops_service_retry_attempts",
    type: "gauge",
    labels: ["service"],
    help: "How often in a row a service failed; only while it fails.",
  },
  failures: {
    name: "gitops_failures_total",
    type: "counter",
    labels: ["code"],
    help: "Failures by code, of services and of passes. docs/failures.md lists the codes.",
  },
  warnings: {
    name: "gitops_warnings_total",
    type: "counter",
    labels: ["code"],
    help: "Warnings by code: what is not right and held up nothing. Counted in every pass that found it.",
  },
  objects: {
    name: "gitops_objects_total",
    type: "counter",
    labels: ["action"],
    help: "Objects by what was done: created, updated, transferred, adopted, recreated, drifted, unchanged, deleted, held, kept, failed, pending (not come to).",
  },
  builds: {
    name: "gitops_builds_total",
    type: "counter",
    labels: ["result"],
    help: "Builds that were run, by result: ok or failed. A known result is not built again.",
  },
  buildSeconds: { name: "gitops_build_duration_seconds", type: "histogram", labels: [], help: "How long builds took." },
  revision: {
    name: "gitops_revision_info",
    type: "gauge",
    labels: ["revision"],
    help: "1 for the revision of the last pass that ran.",
  },
  sourceUp: {
    name: "gitops_source_up",
    type: "gauge",
    labels: [],
    help: "1 when the source answered the last time it was asked, 0 when it did not.",
  },
  liveObjects: {
    name: "gitops_live_objects",
    type: "gauge",
    labels: [],
    help: "Objects of ours that are known from lists and watches.",
  },
  liveKinds: {
    name: "gitops_live_kinds",
    type: "gauge",
    labels: ["state"],
    help: "Kinds that are watched, only listed, and doubtful: of either, those that must be listed again before they are relied on.",
  },
  relists: {
    name: "gitops_relists_total",
    type: "counter",
    labels: ["reason"],
    help: "Lists of a kind, by why it was listed.",
  },
  watchesEnded: {
    name: "gitops_watches_ended_total",
    type: "counter",
    labels: [],
    help: "Watches that ended, for whatever reason. Each is begun again.",
  },
  watchQuiet: {
    name: "gitops_watch_quiet_seconds",
    type: "gauge",
    labels: [],
    help: "For how long nothing, not even a bookmark, was heard of the quietest watch; 0 when there is none.",
  },
  regressions: {
    name: "gitops_cluster_regressions_total",
    type: "counter",
    labels: [],
    help: "Times that the cluster said something older than before, as one restored from a backup does. Deletes pause then.",
  },
  hints: {
    name: "gitops_hints_total",
    type: "counter",
    labels: [],
    help: "Times that somebody else's change to what is ours was noticed.",
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;

export const INFO: MetricDescription = {
  name: "gitops_info",
  type: "gauge",
  labels: ["version", "node"],
  help: "1, with the versions of the program and of Node.",
};
export const MEMORY: MetricDescription = {
  name: "gitops_memory_bytes",
  type: "gauge",
  labels: [],
  help: "Memory of the process, build threads included (resident set).",
};

/** The list that the documentation is made of. */
export const METRIC_DESCRIPTIONS: readonly MetricDescription[] = [...Object.values(METRICS), INFO, MEMORY];
