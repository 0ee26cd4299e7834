import { describe, expect, test } from "vitest";
import type { Failure, FailureCode, ServiceState } from "../../src/model/index.ts";
import { conditionsOf } from "../../src/status/conditions.ts";

const failure = (code: FailureCode): Failure & { since: string } => ({
  code,
  message: `because of ${code}`,
  remedy: "mend it",
  since: "2026-01-01T00:00:00.000Z",
});

function said(state: ServiceState, codes: readonly FailureCode[] = [], more: object = {}): readonly string[] {
  const told = { state, failures: codes.map(failure), ...more };
  return conditionsOf(told, "main@sha1:3f2a91c").map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

describe("conditions have the types and reasons of Flux", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["synced", said("synced"), ["Ready=True ReconciliationSucceeded", "Stalled=False ReconciliationSucceeded"]],
    ["held", said("held"), ["Ready=False PruneFailed", "Stalled=True PruneFailed"]],
    ["a build", said("failed", ["build/missing-resource"]), ["Ready=False BuildFailed", "Stalled=True BuildFailed"]],
    [
      "a build out of time is tried again",
      said("failed", ["build/deadline"]),
      ["Ready=False BuildFailed", "Reconciling=True ProgressingWithRetry", "Stalled=False BuildFailed"],
    ],
    [
      "an apply",
      said("failed", ["apply/webhook"]),
      ["Ready=False ReconciliationFailed", "Reconciling=True ProgressingWithRetry"],
    ],
    ["a prune", said("failed", ["prune/failed"]), ["Ready=False PruneFailed"]],
    ["a source", said("failed", ["source/unreadable-object"]), ["Ready=False ArtifactFailed"]],
    [
      "a definition",
      said("failed", ["service/invalid-field"]),
      ["Ready=False BuildFailed", "Stalled=True BuildFailed"],
    ],
    [
      "a dependency",
      said("blocked", ["service/dependency-not-ready"]),
      ["Ready=False DependencyNotReady", "Reconciling=True ProgressingWithRetry", "Stalled=False DependencyNotReady"],
    ],
    ["suspended", said("suspended"), ["Ready=Unknown Suspended", "Reconciling=False Suspended"]],
    ["progressing", said("progressing"), ["Ready=Unknown Progressing", "Reconciling=True Progressing"]],
    [
      "a rollout that failed",
      said("failed", ["health/failed"], { health: { state: "failed", objects: [] } }),
      ["Ready=False HealthCheckFailed", "Healthy=False HealthCheckFailed"],
    ],
    [
      "a rollout that a newer revision overtook",
      said("progressing", [], { health: { state: "progressing", objects: [] } }),
      ["Healthy=Unknown HealthCheckCanceled"],
    ],
    ["healthy", said("synced", [], { health: { state: "healthy", objects: [] } }), ["Healthy=True Succeeded"]],
  ])("%s", (_name, conditions, wanted) => {
    expect(conditions).toEqual(expect.arrayContaining([...wanted]));
  });

  test("a service that waits for no health says nothing of it", () => {
    expect(said("synced").filter((one) => one.startsWith("Healthy"))).toEqual([]);
  });

  test("Ready names the revision that was applied", () => {
    const [ready] = conditionsOf({ state: "synced", failures: [] }, "main@sha1:3f2a91c");
    expect(ready?.message).toBe("Applied revision: main@sha1:3f2a91c");
  });
});
