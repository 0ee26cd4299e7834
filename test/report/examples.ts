import type { Failure, PassOutcome, ServiceOutcome, StepResult } from "../../src/model/index.ts";

export const COMMIT = "3f2a91c5d0e1b7a6f4c3d2e1f0a9b8c7d6e5f4a3";

export function step(action: StepResult["action"], name: string, more: Partial<StepResult> = {}): StepResult {
  const ref = { group: "apps", kind: "Deployment", namespace: "dev", name };
  return { ref, action, why: "changed", result: "done", ...more };
}

export function service(
  id: string,
  state: ServiceOutcome["state"],
  more: Partial<ServiceOutcome> = {},
): ServiceOutcome {
  const at = { path: `clusters/dev/${id}.yaml`, line: 1 };
  return { service: id, state, at, built: true, steps: [], failures: [], durationMs: 120, ...more };
}

export function pass(services: readonly ServiceOutcome[], more: Partial<PassOutcome> = {}): PassOutcome {
  return { revision: { ref: "main", commit: COMMIT }, services, failures: [], builds: 2, durationMs: 4210, ...more };
}

export const MISSING: Failure = {
  code: "build/missing-resource",
  message: "names ingress.yaml, which is not in this commit",
  remedy: "add the file, or delete line 7",
  at: { path: "dev/releases/pay/kustomization.yaml", line: 7 },
};

export const UNREACHABLE: Failure = {
  code: "source/unreachable",
  message: "https://git.example.org/releases.git does not answer",
  remedy: "check the network, then run again",
};

/** A pass with a bit of everything. */
export const MIXED: PassOutcome = pass([
  service("dev/web", "unchanged", { steps: [step("unchanged", "web")], built: false }),
  service("dev/pay", "failed", {
    steps: [step("update", "pay", { result: "failed" }), step("create", "pay-worker")],
    failures: [MISSING],
  }),
  service("dev/api", "synced", {
    steps: [step("create", "api"), step("update", "api-worker"), step("delete", "api-old")],
  }),
  service("dev/old", "held", {
    steps: [
      step("held", "old-a", { why: "breaker: 12 of 15 objects would be deleted at once, at most 50 % may" }),
      step("held", "old-b", { why: "it is a PersistentVolumeClaim" }),
    ],
  }),
]);
