import { describe, expect, test } from "vitest";
import type { DriftedField, DriftMode, LiveMetadata, ManagedFields } from "../../src/model/index.ts";
import {
  afterRepair,
  driftedFields,
  driftText,
  FIGHT_QUIET_MS,
  FIGHT_WAIT_MS,
  FIGHT_WAIT_MS_MAX,
  type Fights,
  FREE_REPAIRS,
  nextRepairMs,
} from "../../src/plan/drift.ts";
import { DEFAULT_BREAKER, makePlans, type PlanInput, resolveClaims, type Step } from "../../src/plan/index.ts";
import { declaredBy, index, liveAfter } from "./objects.ts";

const map = declaredBy("x/a", "a", { one: "1", two: "2" });

/** The object after others took `data.one`; `others` are their entries. */
function takenBy(...others: readonly ManagedFields[]): LiveMetadata {
  const live = liveAfter(map);
  const ours = live.managedFields[0] as ManagedFields;
  const fieldsV1 = { ...ours.fieldsV1, "f:data": { "f:two": {} } };
  return { ...live, managedFields: [{ ...ours, fieldsV1 }, ...others] };
}

const wrote = (manager: string, field: string, more: Partial<ManagedFields> = {}): ManagedFields => ({
  manager,
  operation: "Update",
  apiVersion: "v1",
  time: "2026-01-02T12:03:00Z",
  fieldsV1: { "f:data": { [`f:${field}`]: {} } },
  ...more,
});

describe("who has a field now", () => {
  test.each<[string, readonly ManagedFields[], DriftedField]>([
    [
      "the manager whose entry has it, since it wrote",
      [wrote("kubectl-edit", "one"), wrote("somebody", "three")],
      { path: "data.one", manager: "kubectl-edit", since: "2026-01-02T12:03:00Z" },
    ],
    [
      "the last of several that wrote it",
      [wrote("first", "one"), wrote("last", "one", { time: "2026-01-03T00:00:00Z" })],
      { path: "data.one", manager: "last", since: "2026-01-03T00:00:00Z" },
    ],
    [
      "a manager that writes through a subresource, named with it",
      [wrote("hpa", "one", { subresource: "scale" })],
      { path: "data.one", manager: "hpa/scale", since: "2026-01-02T12:03:00Z" },
    ],
    ["nobody, when it was removed", [wrote("kubectl-edit", "three")], { path: "data.one" }],
    ["nobody who only writes the status", [wrote("a", "one", { subresource: "status" })], { path: "data.one" }],
    [
      "our own name, when it wrote by other means than apply",
      [wrote("gitops", "one", { operation: "Update" })],
      { path: "data.one", manager: "gitops", since: "2026-01-02T12:03:00Z" },
    ],
  ])("%s", (_name, others, wanted) => {
    expect(driftedFields(map.manifest, takenBy(...others), ["data.one"])).toEqual([wanted]);
  });

  test("a list item is told by its keys", () => {
    const manifest = { spec: { containers: [{ name: "api", image: "a:2" }] } };
    const keyed = { "f:spec": { "f:containers": { 'k:{"name":"api"}': { "f:name": {}, "f:image": {} } } } };
    const live = liveAfter(map, { managedFields: [wrote("kubectl-edit", "", { fieldsV1: keyed })] });
    expect(driftText(driftedFields(manifest, live, ["spec.containers[name=api].image"]))).toBe(
      "spec.containers[name=api].image (kubectl-edit, since 2026-01-02T12:03:00Z)",
    );
  });

  test("a part that is lost as a whole is told field by field, unless it is large", () => {
    const labels = { "example.org/tier": "web", app: "a" };
    const manifest = {
      metadata: { name: "a", labels },
      data: Object.fromEntries([...Array(30).keys()].map((n) => [n, ""])),
    };
    const fields = driftedFields(manifest, liveAfter(map, { managedFields: [] }), ["metadata.labels", "data"]);
    expect(fields.map(({ path }) => path)).toEqual(["metadata.labels.example.org/tier", "metadata.labels.app", "data"]);
  });

  test("the text names three fields and counts the rest", () => {
    expect(driftText(["a", "b", "c", "d", "e"].map((path) => ({ path })))).toBe("a, b, c, and 2 more");
  });
});

describe("a service's drift mode", () => {
  const edited = takenBy(wrote("kubectl-edit", "one"));
  const wiped = liveAfter(map, { managedFields: [] });
  const changed = liveAfter(map, { annotations: { ...edited.annotations, "gitops.bulkhead.dev/applied": "before" } });

  test.each<[DriftMode, string, LiveMetadata, string]>([
    ["enforce", "an edit", edited, "update drifted: data.one (kubectl-edit, since 2026-01-02T12:03:00Z)"],
    ["enforce", "a PUT that wipes ownership", wiped, "update drifted: our field ownership is gone"],
    ["enforce", "a change in git", changed, "update changed"],
    ["detect", "an edit", edited, "drifted drifted: data.one (kubectl-edit, since 2026-01-02T12:03:00Z)"],
    ["detect", "a PUT that wipes ownership", wiped, "drifted drifted: our field ownership is gone"],
    ["detect", "a change in git", changed, "update changed"],
    ["off", "an edit", edited, "unchanged "],
    ["off", "a PUT that wipes ownership", wiped, "unchanged "],
    ["off", "a change in git", changed, "update changed"],
  ])("%s: %s", (drift, _what, live, wanted) => {
    const [step] = planned(live, { drift });
    expect(`${step?.action} ${step?.why}`).toBe(wanted);
  });

  test("an object that is not there is created in every mode: it may as well be new", () => {
    for (const drift of ["enforce", "detect", "off"] as const)
      expect(planned(undefined, { drift }).map(({ action }) => action)).toEqual(["create"]);
  });

  test("D22 an object that is going away is neither changed nor repaired: it is created anew when it is gone", () => {
    const going = { ...edited, deletionTimestamp: "2026-01-02T00:00:00Z" };
    expect(planned(going, { drift: "enforce" }).map(({ action, why }) => `${action} ${why}`)).toEqual([
      "create terminating since 2026-01-02T00:00:00Z, created anew when it is gone",
    ]);
  });

  test("D26 a fight that waits is not fought, and warned about with field and manager", () => {
    const fights = new Map([
      ["/ConfigMap/shop/a", { hash: map.hash, fields: { "data.one": { count: 5, lastMs: 0 } } } satisfies Fights],
    ]);
    const plan = planOf(edited, { drift: "enforce" }, { repairs: { fights, nowMs: 1000 } });
    expect(plan?.steps.map(({ action, why }) => `${action} ${why}`)).toEqual([
      "drifted flapping with kubectl-edit; next try at 1970-01-01T00:04:00Z: data.one (kubectl-edit, since 2026-01-02T12:03:00Z)",
    ]);
    expect(plan?.warnings?.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "drift/flapping ConfigMap shop/a is changed back each time: data.one (kubectl-edit, since 2026-01-02T12:03:00Z); next try at 1970-01-01T00:04:00Z",
    ]);
    const later = planOf(edited, { drift: "enforce" }, { repairs: { fights, nowMs: 4 * 60_000 } });
    expect(later?.steps.map(({ action }) => action)).toEqual(["update"]);
    const inGit = planOf(changed, { drift: "enforce" }, { repairs: { fights, nowMs: 1000 } });
    expect(inGit?.steps.map(({ action }) => action)).toEqual(["update"]);
  });

  function planOf(live: LiveMetadata | undefined, of: { readonly drift: DriftMode }, more: Partial<PlanInput> = {}) {
    const objects = index(...(live === undefined ? [] : [live]));
    const claimant = {
      service: "x/a",
      at: { path: "x/a.yaml" },
      desired: { kind: "known", declared: [map] } as const,
    };
    return makePlans({
      scope: "test",
      services: [{ service: "x/a", at: claimant.at, prune: true, ...of }],
      claims: resolveClaims({ scope: "test", claimants: [claimant], live: objects, complete: true }),
      live: objects,
      known: ["x/a"],
      complete: true,
      unlisted: new Set(),
      settled: new Map(),
      breaker: DEFAULT_BREAKER,
      ...more,
    })[0];
  }

  function planned(live: LiveMetadata | undefined, of: { readonly drift: DriftMode }): readonly Step[] {
    return planOf(live, of)?.steps ?? [];
  }
});

describe("D26 a fight with another writer", () => {
  const drift = [{ path: "data.one" }];
  const MINUTE_MS = 60_000;

  /** Times, in minutes, of the repairs of a field that is changed back at once, looked at every `everyMs`. */
  function repairs(hours: number, everyMs = 10_000): readonly number[] {
    const times: number[] = [];
    let fights: Fights | undefined;
    for (let nowMs = 0; nowMs < hours * 60 * MINUTE_MS; nowMs += everyMs) {
      if (nextRepairMs(fights, "h", drift, nowMs) !== undefined) continue;
      fights = afterRepair(fights, "h", drift, nowMs);
      times.push(nowMs / MINUTE_MS);
    }
    return times;
  }

  test("is fought a few times at once, then after 1, 2, 4 … minutes, then hourly", () => {
    const gaps = repairs(6)
      .slice(FREE_REPAIRS - 1)
      .map((time, at, all) => Math.round(time - (all[at - 1] ?? time)))
      .slice(1);
    expect(gaps.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect([FIGHT_WAIT_MS, FIGHT_WAIT_MS_MAX]).toEqual([MINUTE_MS, 60 * MINUTE_MS]);
  });

  test("costs at most 9 writes in its first hour and one an hour later, however often it is looked at", () => {
    const times = repairs(24, 1000);
    expect(times.filter((time) => time < 60).length).toBeLessThanOrEqual(9);
    for (let hour = 2; hour < 24; hour += 1)
      expect(times.filter((time) => time >= hour * 60 && time < (hour + 1) * 60).length).toBeLessThanOrEqual(1);
  });

  test("is over when the field stays as it is", () => {
    let fights: Fights | undefined;
    for (let count = 0; count < FREE_REPAIRS; count += 1) fights = afterRepair(fights, "h", drift, 0);
    expect(nextRepairMs(fights, "h", drift, 0)).toBe(FIGHT_WAIT_MS);
    const afterwards = FIGHT_WAIT_MS + FIGHT_QUIET_MS;
    expect(afterRepair(fights, "h", drift, afterwards).fields["data.one"]).toEqual({ count: 1, lastMs: afterwards });
  });

  test("over one field does not keep another from being repaired at once", () => {
    const fights: Fights = { hash: "h", fields: { "data.one": { count: 9, lastMs: 0 } } };
    expect(nextRepairMs(fights, "h", [{ path: "data.one" }, { path: "data.two" }], 1)).toBeUndefined();
    expect(nextRepairMs(fights, "h", [{ path: "data.one" }], 1)).toBeDefined();
  });

  test("D15 of a time that is to come is not known, and holds nothing", () => {
    const fights: Fights = { hash: "h", fields: { "data.one": { count: 9, lastMs: 3_600_000 } } };
    expect(nextRepairMs(fights, "h", [{ path: "data.one" }], 1)).toBeUndefined();
  });

  test("is forgotten when git changes the object", () => {
    const fights: Fights = { hash: "h", fields: { "data.one": { count: 9, lastMs: 0 } } };
    expect(nextRepairMs(fights, "another", drift, 1)).toBeUndefined();
    expect(afterRepair(fights, "another", drift, 1)).toEqual({
      hash: "another",
      fields: { "data.one": { count: 1, lastMs: 1 } },
    });
  });
});
