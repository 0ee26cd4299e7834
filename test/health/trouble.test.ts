import { describe, expect, test } from "vitest";
import { podTrouble, refusedByEvents, refusedPods, soonest } from "../../src/health/index.ts";
import { fixture } from "./fixture.ts";

const pod = (file: string) => fixture(`pod-${file}.yaml`);
const NAME = "cart-5d8-x7k2p";

describe("what is wrong with a pod", () => {
  test.each([
    [
      "progressing-crash-loop",
      {
        sort: "crash",
        reason: "CrashLoopBackOff",
        why: `container api of pod ${NAME} ends again and again (CrashLoopBackOff): Error with exit code 1, 4 restarts`,
        look: `kubectl -n shop logs ${NAME} -c api --previous`,
        graceMs: 0,
      },
    ],
    ["progressing-first-crash", { sort: "crash", graceMs: 20_000 }],
    ["progressing-between-crashes", { sort: "crash", reason: "Error", graceMs: 20_000 }],
    [
      "progressing-init-crash-loop",
      { sort: "crash", look: `kubectl -n shop logs ${NAME} -c migrate --previous`, graceMs: 0 },
    ],
    ["progressing-out-of-memory", { sort: "crash", reason: "OOMKilled", graceMs: 0 }],
    [
      "progressing-image-not-found",
      {
        sort: "image",
        reason: "ImagePullBackOff",
        why: `container api of pod ${NAME} has no image: ImagePullBackOff: Back-off pulling image "example.test/cart:2": ErrImagePull: failed to resolve reference "example.test/cart:2": not found`,
        look: `kubectl -n shop describe pod ${NAME}`,
        graceMs: 20_000,
      },
    ],
    [
      "progressing-image-refused",
      { sort: "image", why: expect.stringContaining("https://***@example.test/token?***") },
    ],
    ["progressing-image-name", { sort: "image", reason: "InvalidImageName" }],
    [
      "progressing-secret-missing",
      {
        sort: "configuration",
        why: `container api of pod ${NAME} cannot start: CreateContainerConfigError: secret "cart-keys" not found`,
        graceMs: 60_000,
      },
    ],
    ["progressing-command", { why: `container api of pod ${NAME} cannot start: RunContainerError` }],
    [
      "progressing-unschedulable",
      {
        sort: "placement",
        reason: "Unschedulable",
        why: expect.stringContaining(
          "fits on no node: 0/3 nodes are available: 3 node(s) didn't match Pod's node affinity",
        ),
        graceMs: 60_000,
      },
    ],
  ])("%s", (file, expected) => {
    const trouble = podTrouble([pod(file)]);
    expect(trouble).toMatchObject(expected);
    expect(JSON.stringify(trouble)).not.toContain("not-to-be-shown");
  });

  test.each([
    "healthy-ready",
    "healthy-succeeded",
    "healthy-ended-badly",
    "progressing-starting",
    "progressing-not-ready",
  ])("%s: nothing", (file) => {
    expect(podTrouble([pod(file)])).toBeUndefined();
  });

  test("a pod that is being deleted has no trouble any more", () => {
    const crashing = pod("progressing-crash-loop");
    const metadata = { ...crashing.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect(podTrouble([{ ...crashing, metadata }])).toBeUndefined();
  });

  test("of several pods, the one that counts soonest is told", () => {
    const pods = [pod("progressing-unschedulable"), pod("healthy-ready"), pod("progressing-first-crash")];
    expect(podTrouble(pods)?.sort).toBe("crash");
    expect(soonest([undefined, podTrouble(pods), podTrouble([pod("progressing-out-of-memory")])])?.graceMs).toBe(0);
    expect(soonest([])).toBeUndefined();
  });
});

describe("pods that may not be created", () => {
  const expected = {
    sort: "refused",
    reason: "QuotaExceeded",
    why: expect.stringContaining("exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2"),
    look: "kubectl -n shop describe resourcequota small",
    graceMs: 60_000,
  };

  test("a Deployment and a ReplicaSet say so in a condition", () => {
    expect(refusedPods(fixture("deployment-progressing-quota.yaml"))).toMatchObject(expected);
    expect(refusedPods(fixture("replica-set-progressing-quota.yaml"))).toMatchObject(expected);
    expect(refusedPods(fixture("deployment-progressing-unavailable.yaml"))).toBeUndefined();
  });

  test("other workloads say so in Events, of which the last counts", () => {
    const message = (pod: string): string =>
      `pods "${pod}" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2`;
    const events = [
      { reason: "FailedCreate", message: 'pods "db-0" is forbidden: violates PodSecurity "restricted:latest"' },
      { reason: "FailedCreate", message: message("db-0") },
      { reason: "SuccessfulCreate", message: "created pod db-1" },
    ];
    const workload = fixture("stateful-set-progressing-few.yaml");
    expect(refusedByEvents(workload, events)).toMatchObject(expected);
    expect(refusedByEvents(workload, events.slice(0, 1))).toMatchObject({
      reason: "FailedCreate",
      look: "kubectl -n shop describe statefulset db",
    });
    expect(refusedByEvents(workload, [])).toBeUndefined();
  });
});
