import type { Condition, FailureCode } from "../model/index.ts";
import { isGood, type KeptService } from "./kept.ts";

type Told = Pick<KeptService, "state" | "failures" | "health" | "why">;
type Plain = Omit<Condition, "lastTransitionTime">;

/**
 * The conditions of a service. `Healthy` stands only on services that wait for health. Types and reasons are those that
 * Flux's Kustomizations have, so that what watches for them still finds them.
 */
export function conditionsOf(told: Told, revision: string): readonly Plain[] {
  return [ready(told, revision), ...healthy(told), reconciling(told), stalled(told)];
}

function ready(told: Told, revision: string): Plain {
  const first = told.failures[0];
  const is = (status: Plain["status"], reason: string, message: string): Plain => ({
    type: "Ready",
    status,
    reason,
    message,
  });
  switch (told.state) {
    case "synced":
    case "unchanged":
    case "planned":
      return is("True", "ReconciliationSucceeded", `Applied revision: ${revision}`);
    case "drifted":
      return is("True", "ReconciliationSucceeded", "applied; somebody changed it since, which is only reported");
    case "held":
      return is("False", "PruneFailed", told.why ?? "deletes are held until they are confirmed");
    case "failed":
    case "backoff":
      return is(
        "False",
        first === undefined ? "ReconciliationFailed" : reasonOf(first.code),
        first?.message ?? "failed",
      );
    case "blocked":
      return is("False", "DependencyNotReady", first?.message ?? "waits for what it depends on");
    case "suspended":
      return is("Unknown", "Suspended", told.why ?? "suspended in git");
    case "progressing":
      return is("Unknown", "Progressing", "applied, and not seen healthy yet");
    case "pending":
      return is("Unknown", "Progressing", first?.message ?? "needs what is not there yet, and goes on by itself");
    case "interrupted":
      return is("Unknown", "Progressing", "the pass was told to stop before it was through");
  }
}

function healthy({ health, state }: Told): readonly Plain[] {
  if (health === undefined) return [];
  const [first] = health.objects;
  const words = first === undefined ? "" : `${first.object}: ${first.why}`;
  switch (health.state) {
    case "healthy":
      return [{ type: "Healthy", status: "True", reason: "Succeeded", message: "all that it waits for is healthy" }];
    case "failed":
      return [{ type: "Healthy", status: "False", reason: "HealthCheckFailed", message: words }];
    case "progressing": {
      const reason = state === "progressing" || state === "interrupted" ? "HealthCheckCanceled" : "Progressing";
      return [{ type: "Healthy", status: "Unknown", reason, message: words }];
    }
  }
}

function reconciling(told: Told): Plain {
  const again = told.state === "failed" || told.state === "backoff" || told.state === "blocked";
  if (again && !isStalled(told)) {
    const at = "it is tried again by itself";
    return { type: "Reconciling", status: "True", reason: "ProgressingWithRetry", message: at };
  }
  if (told.state === "progressing" || told.state === "pending" || told.state === "interrupted")
    return { type: "Reconciling", status: "True", reason: "Progressing", message: "goes on by itself" };
  const reason = isGood(told.state) ? "ReconciliationSucceeded" : ready(told, "").reason;
  return { type: "Reconciling", status: "False", reason, message: "nothing is under way" };
}

function stalled(told: Told): Plain {
  const { reason, message } = ready(told, "");
  if (isStalled(told)) return { type: "Stalled", status: "True", reason, message };
  return { type: "Stalled", status: "False", reason, message: "nothing waits for people" };
}

/** Whether trying again cannot help: somebody has to change git, or confirm. */
function isStalled({ state, failures }: Told): boolean {
  if (state === "held") return true;
  const over = state === "failed" || state === "backoff";
  return over && failures.some(({ code }) => TERMINAL.test(code) && !PASSING.has(code));
}

const TERMINAL = /^(?:build|service)\/|^plan\/duplicate-definition$|^reconcile\/quarantined$/;
const PASSING: ReadonlySet<FailureCode> = new Set([
  "build/deadline",
  "build/out-of-memory",
  "build/crashed",
  "build/not-started",
  "service/dependency-not-ready",
]);

/** Flux's reason for a failure of ours. */
function reasonOf(code: FailureCode): string {
  if (code.startsWith("service/dependency-")) return "DependencyNotReady";
  return REASONS[code.slice(0, code.indexOf("/"))] ?? "ReconciliationFailed";
}

/** By the phase that found the failure. */
const REASONS: Readonly<Record<string, string>> = {
  build: "BuildFailed",
  service: "BuildFailed",
  source: "ArtifactFailed",
  prune: "PruneFailed",
  health: "HealthCheckFailed",
};
