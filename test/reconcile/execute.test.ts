import { describe, expect, test } from "vitest";
import { type FailureCode, failed, ok, type Result, type StepAction, type StepResult } from "../../src/model/index.ts";
import type { ServicePlan, Step } from "../../src/plan/index.ts";
import { execute, type Hands, stateOf } from "../../src/reconcile/execute.ts";
import { declaredBy, liveAfter } from "../plan/objects.ts";

const step = (action: StepAction, result: StepResult["result"] = "done") => ({ action, result });
const failures = (...codes: readonly FailureCode[]) => codes.map((code) => ({ code }));

describe("the state of a service", () => {
  test.each([
    ["nothing to do", [step("unchanged"), step("kept")], [], "unchanged"],
    ["all done", [step("create"), step("unchanged")], [], "synced"],
    ["something recreated", [step("recreate")], [], "synced"],
    ["a delete held", [step("create"), step("held", "planned")], [], "held"],
    ["drift only reported", [step("drifted"), step("update")], [], "drifted"],
    ["drift reported and a delete held", [step("drifted"), step("held", "planned")], [], "held"],
    ["a failure", [step("create", "failed")], failures("apply/invalid"), "failed"],
    ["a kind that is not there yet", [], failures("plan/unknown-kind"), "pending"],
    ["a kind that is not there any more", [step("create", "planned")], failures("apply/unknown-kind"), "pending"],
    ["a namespace that is not there yet", [step("create", "planned")], failures("apply/missing-namespace"), "pending"],
    ["an object that is going away", [step("create", "planned")], failures("apply/terminating"), "pending"],
    [
      "several of these",
      [step("create", "planned"), step("create")],
      failures("plan/unknown-kind", "apply/missing-namespace"),
      "pending",
    ],
    ["one of these and a failure", [], failures("plan/unknown-kind", "apply/webhook"), "failed"],
    ["an immutable field", [step("update", "failed")], failures("apply/immutable"), "failed"],
  ] as const)("%s", (_name, results, found, wanted) => {
    expect(stateOf(results, found, "sync", false)).toBe(wanted);
  });

  test("a pass that was told to stop before a step leaves the service interrupted", () => {
    expect(stateOf([step("create"), step("update", "planned")], [], "sync", true)).toBe("interrupted");
    expect(stateOf([step("create")], [], "sync", true)).toBe("synced");
    expect(stateOf([step("held", "planned")], [], "sync", true)).toBe("held");
  });

  test("a dry run plans", () => {
    expect(stateOf([step("create", "planned")], [], "dry-run", false)).toBe("planned");
    expect(stateOf([step("drifted")], [], "diff", false)).toBe("drifted");
  });
});

describe("a plan that is carried out", () => {
  const [a, b] = [declaredBy("x/a", "a"), declaredBy("x/a", "b")];
  const create = (declared: typeof a): Step => ({ action: "create", why: "not in the cluster", declared });
  const prune: Step = { action: "delete", why: "no longer in git", live: liveAfter(declaredBy("x/a", "old")) };
  const planOf = (...steps: readonly Step[]): ServicePlan => ({ service: "x/a", present: true, steps, failures: [] });

  /** Hands that answer each apply as told by the object's name, and note what they were asked. */
  function hands(answers: Readonly<Record<string, Result<unknown>>>): Hands & { readonly asked: string[] } {
    const asked: string[] = [];
    return {
      asked,
      async apply({ declared }) {
        asked.push(`apply ${declared.ref.name}`);
        return answers[declared.ref.name] ?? ok("created");
      },
      async remove({ live }) {
        asked.push(`remove ${live.ref.name}`);
        return ok("removed");
      },
      compare: async () => undefined,
      onStep: () => undefined,
      stopped: () => false,
    };
  }
  const missing = failed({ code: "apply/missing-namespace", message: "no namespace", remedy: "add it" });

  test("deletes last, and nothing while an object waits for something", async () => {
    const all = hands({});
    expect((await execute(planOf(create(a), create(b), prune), "sync", all)).state).toBe("synced");
    expect(all.asked).toEqual(["apply a", "apply b", "remove old"]);
    const waits = hands({ a: missing });
    const done = await execute(planOf(create(a), create(b), prune), "sync", waits);
    expect(waits.asked).toEqual(["apply a", "apply b"]);
    expect(done.state).toBe("pending");
    expect(done.steps.map(({ ref, result }) => `${ref.name} ${result}`)).toEqual([
      "a planned",
      "b done",
      "old planned",
    ]);
  });

  test("tells an object that was recreated from one that was updated", async () => {
    const plan = planOf({ action: "update", why: "changed", declared: a });
    const done = await execute(plan, "sync", hands({ a: ok("recreated") }));
    expect(done.steps.map(({ action, why, result }) => [action, why, result])).toEqual([
      ["recreate", "changed in a field that cannot change", "done"],
    ]);
  });

  test("writes nothing for drift that is only reported, and passes on what it knows and warnings", async () => {
    const drift = [{ path: "data.a", manager: "kubectl-edit" }];
    const warning = { code: "drift/flapping", message: "again", remedy: "agree" } as const;
    const plan = { ...planOf({ action: "drifted", why: "drifted: data.a", declared: a, drift }), warnings: [warning] };
    const seen = hands({});
    const done = await execute(plan, "sync", seen);
    expect(seen.asked).toEqual([]);
    expect(done).toMatchObject({ state: "drifted", warnings: [warning], steps: [{ action: "drifted", drift }] });
  });
});
