import { describe, expect, test } from "vitest";
import { diffText, newPaint, passText } from "../../src/report/index.ts";
import { MISSING, MIXED, pass, service, step, UNREACHABLE } from "./examples.ts";

const paint = newPaint(false);
const text = (outcome = MIXED, all = false): string => passText(outcome, { mode: "sync", all, paint });

describe("the closing report", () => {
  test("what was done first, what is held next, failures last, then totals", () => {
    expect(text()).toBe(`SERVICE  STATE   CREATED  UPDATED  DELETED  HELD  FAILED    TIME
dev/api  synced        1        1        1     0       0  120 ms
dev/old  held          0        0        0     2       0  120 ms
dev/pay  failed        1        0        0     0       1  120 ms

dev/old  2 deletes held
  apps/Deployment dev/old-a  breaker: 12 of 15 objects would be deleted at once, at most 50 % may
  apps/Deployment dev/old-b  it is a PersistentVolumeClaim
→ if they shall go: gitops sync --confirm 3f2a91c5d0e1

dev/pay  build/missing-resource  dev/releases/pay/kustomization.yaml:7
  names ingress.yaml, which is not in this commit
  → add the file, or delete line 7

4 services: 1 unchanged, 1 synced, 1 held, 1 failed · objects: 2 created, 1 updated, 1 unchanged, 1 deleted, 2 held, 1 failed · main@3f2a91c5d0e1 · 2 builds · 4.2 s
`);
  });

  test("deletes held of services that are not in the revision may be of another repository: it says so", () => {
    const { at: _at, ...gone } = service("dev/theirs", "held", { steps: [step("held", "theirs", { why: "breaker" })] });
    expect(text(pass([gone]))).toContain(`→ if they shall go: gitops sync --confirm 3f2a91c5d0e1
→ if they are another repository's or path's: give each a --scope of its own
`);
    expect(text()).not.toContain("--scope");
  });

  test("what no confirmation lets go is not offered to be confirmed", () => {
    const held = (id: string, confirmable: boolean) =>
      service(id, "held", { steps: [step("held", id, { why: "the cluster went back in time", confirmable })] });
    expect(text(pass([held("dev/a", false)]))).toContain("→ no confirmation lets it go: the next pass looks again\n");
    expect(text(pass([held("dev/a", false)]))).not.toContain("--confirm");
    expect(
      text(pass([held("dev/a", true), held("dev/b", false)])),
    ).toContain(`→ if they shall go: gitops sync --confirm 3f2a91c5d0e1
→ 1 of them stays nevertheless: the next pass looks again
`);
  });

  test("services in which nothing was to be done are shown when all are asked for", () => {
    expect(text()).not.toContain("dev/web");
    expect(text(MIXED, true)).toContain("dev/web  unchanged");
  });

  test("a pass that could not run says why and nothing else", () => {
    expect(text(pass([], { failures: [UNREACHABLE] }))).toBe(`gitops  source/unreachable
  https://git.example.org/releases.git does not answer
  → check the network, then run again
`);
  });

  test("what is waited for is named, and each state that does not speak for itself is explained once", () => {
    const ref = { group: "apps", kind: "Deployment", namespace: "dev", name: "api" };
    const health = { state: "progressing", objects: [{ ref, why: "1 of 3 replicas are ready" }] } as const;
    const retry = { attempts: 3, nextAtMs: Date.UTC(2026, 0, 1, 12) };
    const outcome = pass([
      service("dev/api", "progressing", { health }),
      service("dev/pay", "backoff", { retry, failures: [MISSING] }),
      service("dev/web", "pending"),
      service("dev/www", "pending"),
    ]);
    expect(text(outcome).split("\n\n").slice(1, -1).join("\n\n")).toBe(`dev/api  1 object not healthy yet
  apps/Deployment dev/api  1 of 3 replicas are ready
dev/pay  tried again at 2026-01-01T12:00:00.000Z, 3 failures in a row

dev/pay  build/missing-resource  dev/releases/pay/kustomization.yaml:7
  names ingress.yaml, which is not in this commit
  → add the file, or delete line 7

progressing: it is applied, and was not seen healthy before the pass ended
pending: something it needs is not there yet; the next pass goes on with it
backoff: it failed, and nothing of it changed since; it is tried again by itself`);
  });

  test("what a sync did not come to is pending, and no object is called created that is not", () => {
    const steps = [
      step("create", "a"),
      step("create", "b", { result: "planned" }),
      step("held", "c", { result: "planned" }),
    ];
    const stopped = pass([service("dev/pay", "interrupted", { steps })]);
    expect(text(stopped)).toContain("objects: 1 created, 1 held, 1 pending ·");
    expect(passText(stopped, { mode: "dry-run", all: false, paint })).toContain("objects: 2 created, 1 held ·");
  });

  test("more than ten failures of one service are counted", () => {
    const failures = Array.from({ length: 12 }, (_, index) => ({ ...UNREACHABLE, message: `failure ${index}` }));
    const printed = text(pass([service("dev/pay", "failed", { failures })]));
    expect(printed.match(/failure \d+/g)).toHaveLength(10);
    expect(printed).toContain("dev/pay  and 2 more: -o json has them all");
  });

  test("what others changed is told with who has it, since when and what was done; then what is only a warning", () => {
    const drift = [{ path: "spec.replicas", manager: "kubectl-edit", since: "2026-01-02T12:03:00Z" }];
    const why = "drifted: spec.replicas (kubectl-edit, since 2026-01-02T12:03:00Z)";
    const warning = { code: "drift/autoscaled", message: "it is scaled", remedy: "remove spec.replicas" } as const;
    const steps = [step("update", "api", { drift, why }), step("drifted", "worker", { drift, why })];
    const outcome = pass([service("dev/api", "drifted", { steps, warnings: [warning] })]);
    expect(text(outcome)).toBe(`SERVICE  STATE    UPDATED  DRIFTED    TIME
dev/api  drifted        1        1  120 ms

dev/api  2 objects drifted
  apps/Deployment dev/api     written back   drifted: spec.replicas (kubectl-edit, since 2026-01-02T12:03:00Z)
  apps/Deployment dev/worker  left as it is  drifted: spec.replicas (kubectl-edit, since 2026-01-02T12:03:00Z)

dev/api  drift/autoscaled
  it is scaled
  → remove spec.replicas

drifted: somebody changed it, and it is only reported, as its settings say

1 service: 1 drifted · objects: 1 updated, 1 drifted · main@3f2a91c5d0e1 · 2 builds · 4.2 s
`);
    const changed = diffText(outcome, paint);
    expect(changed).toContain("  drifted apps/Deployment dev/worker");
    expect(changed).toContain("    ! spec.replicas: kubectl-edit has it since 2026-01-02T12:03:00Z\n");
  });

  test("control characters of the repository reach no terminal", () => {
    const evil = "a\u001b[2J\u202eb\u009b1m\nnext";
    const failures = [{ ...UNREACHABLE, message: evil, remedy: evil, at: { path: evil } }];
    const steps = [step("held", evil, { why: evil })];
    const printed = text(
      pass([service(evil, "failed", { failures, steps })], { revision: { ref: evil, commit: "0".repeat(40) } }),
    );
    expect(printed.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(printed).toContain("a\\x1b[2J\\u202eb\\x9b1m\\nnext");
  });

  test("colours are added, never needed", () => {
    const coloured = passText(MIXED, { mode: "sync", all: false, paint: newPaint(true) });
    expect(coloured).toContain("\u001b[31m");
    expect(coloured.replaceAll(/\p{Cc}\[\d+m/gu, "")).toBe(text());
  });
});

describe("a diff", () => {
  test("shows each object that would change, field by field, by service", () => {
    const steps = [
      step("update", "pay", {
        at: { path: "dev/releases/pay/deployment.yaml", line: 1 },
        result: "planned",
        fields: [
          { path: "spec.replicas", before: 2, after: 3 },
          { path: "metadata.labels.team", before: "pay" },
          { path: "spec.paused", after: true },
        ],
      }),
      step("create", "new", { result: "planned", fields: [{ path: "spec.replicas", after: 1 }] }),
      step("delete", "gone", { result: "planned", why: "left git" }),
      step("unchanged", "same", { result: "planned" }),
    ];
    expect(diffText(pass([service("dev/pay", "planned", { steps })]), paint)).toBe(`dev/pay
  update apps/Deployment dev/pay  dev/releases/pay/deployment.yaml:1
    - spec.replicas: 2
    + spec.replicas: 3
    - metadata.labels.team: "pay"
    + spec.paused: true
  create apps/Deployment dev/new
    + spec.replicas: 1
  delete apps/Deployment dev/gone  left git

SERVICE  STATE    CREATED  UPDATED  UNCHANGED  DELETED    TIME
dev/pay  planned        1        1          1        1  120 ms

1 service: 1 planned · objects: 1 created, 1 updated, 1 unchanged, 1 deleted · main@3f2a91c5d0e1 · 2 builds · 4.2 s · nothing was written
`);
  });

  test("a text of many lines shows the lines that differ", () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const before = `${lines.join("\n")}\n`;
    const after = before.replace("line 9", "line nine");
    const steps = [step("update", "config", { fields: [{ path: "data.config", before, after }] })];
    const printed = diffText(pass([service("dev/pay", "planned", { steps })]), paint);
    expect(printed).toContain(`    ~ data.config:
      line 8
        line 7
        line 8
      - line 9
      + line nine
        line 10
        line 11
`);
    expect(printed).not.toContain("line 15");
  });
});
