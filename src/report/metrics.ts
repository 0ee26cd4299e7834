import type * as PromClient from "prom-client";
import type { Gauge, Registry } from "prom-client";
import {
  type LiveStats,
  type PassEvent,
  type PassOutcome,
  type Revision,
  revisionText,
  type ServiceState,
} from "../model/index.ts";
import { countObjects, isGood, STATES } from "./counts.ts";

/** One metric as the documentation lists it. */
interface MetricDescription {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

/** Every metric there is; `docs/metrics.md` is made of this list. */
const METRICS = {
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

/** Metrics of one run: a registry of its own, told what happens and asked for text. */
export interface Metrics {
  event(event: PassEvent): void;
  pass(outcome: PassOutcome, nowMs: number): void;
  source(up: boolean): void;
  /** The exposition text, and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Buckets in seconds: builds take milliseconds, first passes of a fleet minutes. */
const BUILD_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.5, 1, 5, 30];
const PASS_BUCKETS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800];

/** `live` tells what the watches see; it is asked whenever the metrics are. */
export async function newMetrics(version: string, live: () => LiveStats | undefined): Promise<Metrics> {
  // Loaded here, because only the long run needs it.
  const prom = await import("prom-client");
  const registry = new prom.Registry();
  const about = ({ name, help, labels }: MetricDescription) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  const passes = new prom.Counter(about(METRICS.passes));
  const passSeconds = new prom.Histogram({ ...about(METRICS.passSeconds), buckets: PASS_BUCKETS });
  const lastPass = new prom.Gauge(about(METRICS.lastPass));
  const serviceState = new prom.Gauge(about(METRICS.serviceState));
  const lastSuccess = new prom.Gauge(about(METRICS.lastSuccess));
  const retryAt = new prom.Gauge(about(METRICS.retryAt));
  const retryAttempts = new prom.Gauge(about(METRICS.retryAttempts));
  const failures = new prom.Counter(about(METRICS.failures));
  const warnings = new prom.Counter(about(METRICS.warnings));
  const objects = new prom.Counter(about(METRICS.objects));
  const builds = new prom.Counter(about(METRICS.builds));
  const buildSeconds = new prom.Histogram({ ...about(METRICS.buildSeconds), buckets: BUILD_BUCKETS });
  const revision = new prom.Gauge(about(METRICS.revision));
  const sourceUp = new prom.Gauge(about(METRICS.sourceUp));
  registerProcess(registry, prom.Gauge, version);
  const watches = liveMetrics(prom, about);
  return {
    event(event) {
      if (event.type !== "built") return;
      builds.inc({ result: event.ok ? "ok" : "failed" });
      buildSeconds.observe(event.durationMs / 1000);
    },
    pass(outcome, nowMs) {
      passes.inc({ result: passResult(outcome) });
      passSeconds.observe(outcome.durationMs / 1000);
      for (const { code } of outcome.failures) failures.inc({ code });
      if (outcome.failures.length > 0 || outcome.revision === undefined) return; // the last good picture stays
      lastPass.set(nowMs / 1000);
      setRevision(revision, outcome.revision);
      for (const [action, count] of Object.entries(countObjects(outcome, "sync")))
        if (count > 0) objects.inc({ action }, count);
      // Services that left git leave the metrics, and a service that works again is not tried again.
      for (const gauge of [serviceState, retryAt, retryAttempts]) gauge.reset();
      for (const { service, state, failures: own, warnings: told = [], retry } of outcome.services) {
        for (const { code } of own) failures.inc({ code });
        for (const { code } of told) warnings.inc({ code });
        if (retry !== undefined) {
          retryAt.set({ service }, retry.nextAtMs / 1000);
          retryAttempts.set({ service }, retry.attempts);
        }
        setState(serviceState, service, state);
        if (isGood(state)) lastSuccess.set({ service }, nowMs / 1000);
      }
      forgetGone(lastSuccess, outcome);
    },
    source(up) {
      sourceUp.set(up ? 1 : 0);
    },
    async expose() {
      const stats = live();
      if (stats !== undefined) watches(stats);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** Answers what sets the metrics of the watches. Totals come whole, so a counter is what was told last. */
function liveMetrics(
  prom: typeof PromClient,
  about: (metric: MetricDescription) => { name: string; help: string; labelNames: string[]; registers: Registry[] },
): (stats: LiveStats) => void {
  const objects = new prom.Gauge(about(METRICS.liveObjects));
  const kinds = new prom.Gauge(about(METRICS.liveKinds));
  const relists = new prom.Counter(about(METRICS.relists));
  const ended = new prom.Counter(about(METRICS.watchesEnded));
  const quiet = new prom.Gauge(about(METRICS.watchQuiet));
  const regressions = new prom.Counter(about(METRICS.regressions));
  const hints = new prom.Counter(about(METRICS.hints));
  return (stats) => {
    objects.set(stats.objects);
    for (const state of ["watched", "listed", "doubtful"] as const) kinds.set({ state }, stats[state]);
    quiet.set((stats.quietMs ?? 0) / 1000);
    for (const counter of [relists, ended, regressions, hints]) counter.reset();
    for (const [reason, count] of Object.entries(stats.relists)) relists.inc({ reason }, count);
    ended.inc(stats.watchesEnded);
    regressions.inc(stats.regressions);
    hints.inc(stats.hints);
  };
}

type PassResult = "ok" | "failed" | "held" | "error";

const NOT_DONE: ReadonlySet<ServiceState> = new Set(["failed", "blocked", "pending", "backoff", "interrupted"]);
/** Nothing failed, but the cluster is not as git says. */
const LEFT: ReadonlySet<ServiceState> = new Set(["held", "drifted", "progressing"]);

/** How a pass went, as a whole: the same order as exit codes have it. */
export function passResult(outcome: PassOutcome): PassResult {
  if (outcome.failures.length > 0) return "error";
  if (outcome.services.some(({ state }) => NOT_DONE.has(state))) return "failed";
  return outcome.services.some(({ state, steps }) => LEFT.has(state) || steps.some(({ action }) => action === "held"))
    ? "held"
    : "ok";
}

function setState(gauge: Gauge, service: string, state: ServiceState): void {
  for (const one of STATES) gauge.set({ service, state: one }, one === state ? 1 : 0);
}

function setRevision(gauge: Gauge, revision: Revision): void {
  gauge.reset();
  gauge.set({ revision: revisionText(revision) }, 1);
}

/** A service that is no longer there has no last success to watch. */
function forgetGone(gauge: Gauge, outcome: PassOutcome): void {
  for (const { service, at, state } of outcome.services)
    if (at === undefined && isGood(state)) gauge.remove({ service });
}

function registerProcess(registry: Registry, GaugeOf: typeof Gauge, version: string): void {
  const info = new GaugeOf({ name: INFO.name, help: INFO.help, labelNames: [...INFO.labels], registers: [registry] });
  info.set({ version, node: process.versions.node }, 1);
  const memory = new GaugeOf({
    name: MEMORY.name,
    help: MEMORY.help,
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  memory.set(0);
}

const INFO: MetricDescription = {
  name: "gitops_info",
  type: "gauge",
  labels: ["version", "node"],
  help: "1, with the versions of the program and of Node.",
};
const MEMORY: MetricDescription = {
  name: "gitops_memory_bytes",
  type: "gauge",
  labels: [],
  help: "Memory of the process, build threads included (resident set).",
};

/** The list that the documentation is made of. */
export const METRIC_DESCRIPTIONS: readonly MetricDescription[] = [...Object.values(METRICS), INFO, MEMORY];
