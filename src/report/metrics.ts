import type * as PromClient from "prom-client";
import type { Gauge, Registry } from "prom-client";
import {
  type LiveStats,
  type PassEvent,
  type PassOutcome,
  type Revision,
  revisionText,
  type ServiceOutcome,
  type ServiceState,
} from "../model/index.ts";
import { countObjects, isGood, STATES } from "./counts.ts";
import { INFO, MEMORY, METRICS, type MetricDescription } from "./metric-list.ts";

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
  let succeeded: ReadonlySet<string> = new Set();
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
      // A service that is no longer there has no last success to watch.
      const gone = ({ at, state }: ServiceOutcome): boolean => at === undefined && isGood(state);
      const there = new Set(outcome.services.filter((one) => !gone(one)).map(({ service }) => service));
      for (const service of succeeded) if (!there.has(service)) lastSuccess.remove({ service });
      succeeded = there;
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
