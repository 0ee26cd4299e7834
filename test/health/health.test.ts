import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { healthOf, vanishesWhenDone } from "../../src/health/index.ts";
import { fixture } from "./fixture.ts";

/** `<kind>-<outcome>[-<which>].yaml`: the name is the expectation. */
const files = readdirSync("fixtures/health").map((file) => ({
  file,
  outcome: /-(healthy|progressing|failed|terminating)(?:-[-a-z]+)?\.yaml$/.exec(file)?.[1],
}));

describe("the health of an object is what its file is named for", () => {
  test("the folder was read, and every file names an outcome", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter(({ outcome }) => outcome === undefined)).toEqual([]);
  });

  test.each(files)("$file", ({ file, outcome }) => {
    const health = healthOf(fixture(file));
    expect(health.state).toBe(outcome);
    if (health.state === "healthy") return;
    expect(health.why).toMatch(/^\S.{5,}[^.\s]$/);
    if (health.state === "failed") expect(health.look).toMatch(/^kubectl /);
  });

  test.each(files)("$file shows nothing that may be secret", ({ file }) => {
    expect(JSON.stringify(healthOf(fixture(file)))).not.toContain("not-to-be-shown");
  });
});

describe("why it is not healthy", () => {
  test.each([
    ["deployment-progressing-updating", "1 of 3 replicas are updated"],
    ["deployment-progressing-old-replicas", "1 old replicas are still there"],
    ["deployment-progressing-unavailable", "1 of 3 updated replicas are available"],
    ["deployment-progressing-change-not-seen", "its controller has not looked at its last change yet"],
    ["deployment-failed-deadline", 'ReplicaSet "cart-5d8" has timed out progressing'],
    ["stateful-set-progressing-updating", "1 of 2 replicas are updated"],
    ["daemon-set-progressing-unavailable", "1 of 2 pods are available"],
    ["job-progressing-running", "1 of 3 completions, 1 failed"],
    ["job-failed-backoff", "BackoffLimitExceeded: Job has reached the specified backoff limit"],
    ["persistent-volume-claim-progressing-pending", "it is pending, not bound"],
    ["custom-resource-progressing-not-ready", "waiting for a volume"],
    ["custom-resource-progressing-ready-unknown", "Progressing"],
    ["custom-resource-failed-stalled", "no such plan"],
  ])("%s: %s", (file, why) => {
    expect(healthOf(fixture(`${file}.yaml`))).toMatchObject({ why });
  });

  test("and where to look", () => {
    expect(healthOf(fixture("job-failed-backoff.yaml"))).toMatchObject({
      look: "kubectl -n shop logs job/migrate --all-containers",
    });
    expect(healthOf(fixture("custom-resource-failed-stalled.yaml"))).toMatchObject({
      look: "kubectl -n shop describe database.example.org ledger",
    });
    expect(healthOf(fixture("custom-resource-definition-failed-names.yaml"))).toMatchObject({
      look: "kubectl describe customresourcedefinition.apiextensions.k8s.io widgets.example.org",
    });
  });

  test("a page of words becomes a line", () => {
    const object = fixture("custom-resource-progressing-not-ready.yaml");
    const message = `first\n  second ${"x".repeat(5000)}.`;
    const health = healthOf({ ...object, status: { conditions: [{ type: "Ready", status: "False", message }] } });
    expect(health).toMatchObject({ state: "progressing", why: expect.stringMatching(/^first second x{100,400}…$/) });
  });
});

test("only a Job with ttlSecondsAfterFinished has done its work when it is gone", () => {
  const job = fixture("job-healthy-complete.yaml");
  expect(vanishesWhenDone(job)).toBe(false);
  expect(vanishesWhenDone({ ...job, spec: { ttlSecondsAfterFinished: 0 } })).toBe(true);
  expect(vanishesWhenDone({ ...job, kind: "Deployment", spec: { ttlSecondsAfterFinished: 0 } })).toBe(false);
});
