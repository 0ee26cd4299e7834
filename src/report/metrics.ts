import type { Gauge, Registry } from "prom-client";
import { type PassEvent, type PassOutcome, type Revision, revisionText, type ServiceState } from "../model/index.ts";
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
  failures: {
    name: "gitops_failures_total",
    type: "counter",
    labels: ["code"],
    help: "Failures by code, of services and of passes. docs/failures.md lists the codes.",
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

export async function newMetrics(version: string): Promise<Metrics> {
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
  const failures = new prom.Counter(about(METRICS.failures));
  const objects = new prom.Counter(about(METRICS.objects));
  const builds = new prom.Counter(about(METRICS.builds));
  const buildSeconds = new prom.Histogram({ ...about(METRICS.buildSeconds), buckets: BUILD_BUCKETS });
  const revision = new prom.Gauge(about(METRICS.revision));
  const sourceUp = new prom.Gauge(about(METRICS.sourceUp));
  registerProcess(registry, prom.Gauge, version);
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
      serviceState.reset(); // services that left git leave the metrics
      for (const { service, state, failures: own } of outcome.services) {
        for (const { code } of own) failures.inc({ code });
        setState(serviceState, service, state);
        if (isGood(state)) lastSuccess.set({ service }, nowMs / 1000);
      }
      forgetGone(lastSuccess, outcome);
    },
    source(up) {
      sourceUp.set(up ? 1 : 0);
    },
    async expose() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
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
