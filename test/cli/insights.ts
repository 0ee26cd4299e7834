import type { Explanation, ServiceTree, Trace } from "../../src/model/index.ts";
import { COMMIT } from "../report/examples.ts";

const revision = { ref: "main", commit: COMMIT };
const change = {
  commit: COMMIT,
  author: "Ada",
  email: "ada@example.org",
  subject: "three replicas",
  at: "2026-02-03T04:05:06.000Z",
  exact: true,
};
const ref = { group: "apps", kind: "Deployment", namespace: "dev", name: "pay" };
const at = { path: "dev/releases/pay/deployment.yaml", line: 1 };

export const EXPLANATION: Explanation = {
  service: "dev/pay",
  revision,
  at: { path: "clusters/dev/pay.yaml", line: 1 },
  because: "changed: dev/releases/pay/deployment.yaml; 1 of its objects drifted",
  runs: true,
  footprint: 4,
  changed: [at.path],
  change,
  steps: [
    {
      ref,
      action: "update",
      why: "drifted: spec.replicas",
      at,
      drift: [{ path: "spec.replicas", manager: "kubectl-edit", since: "2026-02-03T04:05:06Z" }],
    },
  ],
  unchanged: 3,
  failures: [],
};

export const UNTOUCHED: Explanation = {
  ...EXPLANATION,
  because: "nothing changed",
  runs: false,
  changed: [],
  change: { ...change, exact: false },
  steps: [],
  unchanged: 4,
};

export const TREES: readonly ServiceTree[] = [
  {
    service: "dev/pay",
    objects: [
      { ref: { group: "", kind: "Service", namespace: "dev", name: "pay" }, proven: true, others: [] },
      { ref, proven: true, appliedAt: "2026-02-03T04:05:06Z", others: ["kube-controller-manager"] },
      { ref: { ...ref, name: "copied" }, proven: false, others: ["kubectl"] },
      { ref: { ...ref, name: "old" }, proven: true, others: [], terminating: "2026-02-03T04:05:06Z" },
    ],
  },
];

export const TRACE: Trace = {
  object: { group: "", kind: "Pod", namespace: "dev", name: "pay-7d4b9c-x2x8q" },
  controllers: [{ group: "apps", kind: "ReplicaSet", namespace: "dev", name: "pay-7d4b9c" }, ref],
  service: "dev/pay",
  scope: "clusters/dev",
  proven: true,
  managers: ["kubelet"],
  revision,
  definedAt: { path: "clusters/dev/pay.yaml", line: 1 },
  declaredAt: at,
  change,
  action: "unchanged",
  why: "",
};

export const STRAY: Trace = {
  object: { group: "", kind: "ConfigMap", namespace: "dev", name: "notes" },
  controllers: [],
  proven: false,
  managers: ["kubectl-create"],
  revision,
};
