import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { child, type JsonObject, type LiveMetadata, type Manifest } from "../../src/model/index.ts";
import { breakerWith, DEFAULT_BREAKER, failedJob, makePlans, NO_STRANGERS } from "../../src/plan/index.ts";
import { declareAs, declaredBy, index, liveAfter } from "./objects.ts";
import { ADA, input, planned, say } from "./planned.ts";

type Declared = ReturnType<typeof declaredBy>;

const [a, b, c] = [declaredBy("x/a", "a"), declaredBy("x/a", "b"), declaredBy("x/a", "c")];

describe("a plan", () => {
  test("D27 a Job that ran and was cleaned up is not created again, until its hash changes", () => {
    const job = (image: string, spec: JsonObject = { ttlSecondsAfterFinished: 60 }): Declared =>
      declareAs("x/a", {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name: "migrate", namespace: "shop" },
        spec: { ...spec, template: { spec: { containers: [{ name: "m", image }] } } },
      });
    const done = (declared: Declared) => ({ jobsDone: new Map([["batch/Job/shop/migrate", declared.hash]]) });
    const [first, second, kept] = [job("m:1"), job("m:2"), job("m:1", {})];
    expect(planned({ "x/a": [first] }, [], done(first))["x/a"]).toEqual(["unchanged migrate: ran already"]);
    expect(planned({ "x/a": [second] }, [], done(first))["x/a"]).toEqual(["create migrate: not in the cluster"]);
    const failed = { jobsDone: new Map([["batch/Job/shop/migrate", failedJob(first.hash)]]) };
    expect(planned({ "x/a": [first] }, [], failed)["x/a"]).toEqual(["unchanged migrate: ran already, and failed"]);
    expect(planned({ "x/a": [second] }, [], failed)["x/a"]).toEqual(["create migrate: not in the cluster"]);
    // one that the cluster does not clean up was deleted by somebody
    expect(planned({ "x/a": [kept] }, [], done(kept))["x/a"]).toEqual(["create migrate: not in the cluster"]);
  });

  test("creates what is missing and leaves alone what is as applied", () => {
    expect(planned({ "x/a": [a, b] }, [liveAfter(b)])).toEqual({
      "x/a": ["create a: not in the cluster", "unchanged b"],
    });
  });

  test("updates what git changed, and says which fields others took", () => {
    const changed = declaredBy("x/a", "a", { a: "2" });
    const drifted = liveAfter(b, { managedFields: [] });
    const taken = liveAfter(c);
    const { "f:data": _data, ...fieldsV1 } = taken.managedFields[0]?.fieldsV1 ?? {};
    const lost = { ...taken, managedFields: [{ ...taken.managedFields[0], fieldsV1 }] } as LiveMetadata;
    expect(planned({ "x/a": [changed, b, c] }, [liveAfter(a), drifted, lost])["x/a"]).toEqual([
      "update a: changed",
      "update b: drifted: our field ownership is gone",
      "update c: drifted: data.a",
    ]);
  });

  test("a field that the server takes away at each apply is no drift", () => {
    const taken = liveAfter(a);
    const { "f:data": _data, ...fieldsV1 } = taken.managedFields[0]?.fieldsV1 ?? {};
    const lost = { ...taken, managedFields: [{ ...taken.managedFields[0], fieldsV1 }] } as LiveMetadata;
    const settled = new Map([["/ConfigMap/shop/a", { hash: a.hash, fields: ["data"] }]]);
    expect(planned({ "x/a": [a] }, [lost], { settled })["x/a"]).toEqual(["unchanged a"]);
  });

  test("an object that was found as declared is not gone through again until it, or what is declared, is another one", () => {
    const unchanged = new WeakMap<LiveMetadata, Declared>();
    const live = liveAfter(a);
    const again = (declared: Declared, now: LiveMetadata) =>
      planned({ "x/a": [declared] }, [now], { unchanged })["x/a"];
    expect(again(a, live)).toEqual(["unchanged a"]);
    expect(unchanged.get(live)).toBe(a);
    expect(again(declaredBy("x/a", "a", { a: "2" }), live)).toEqual(["update a: changed"]);
    expect(again(a, { ...live, managedFields: [] })).toEqual(["update a: drifted: our field ownership is gone"]);
  });

  test("deletes what left git, in the reverse order", () => {
    const kept = [1, 2, 3, 4].map((n) => declaredBy("x/a", `keep-${n}`));
    const account: Manifest = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "sa", namespace: "shop" } };
    const live = [...kept, a, declareAs("x/a", account)].map((one) => liveAfter(one));
    expect(planned({ "x/a": kept }, live)["x/a"]?.slice(4)).toEqual([
      "delete a: no longer in git",
      "delete sa: no longer in git",
    ]);
  });

  test("adopts what is there already, and refuses what is somebody's, alone", () => {
    const there = (object: Declared, labels: Record<string, string>): LiveMetadata =>
      liveAfter(object, { labels, annotations: {}, managedFields: [] });
    const known = index(there(a, {}), there(b, { "kapp.k14s.io/app": "17" }));
    const strangers = { ...NO_STRANGERS, there: known, owners: new Map([["app//17", "live"] as const]) };
    const base = input({ "x/a": [a, b, c] }, []);
    const [plan] = makePlans({ ...base, strangers });
    expect(say(plan?.steps ?? [])).toEqual(["adopt a: there already", "create c: not in the cluster"]);
    expect(plan?.failures.map(({ code, object }) => `${code} ${object}`)).toEqual([
      "plan/foreign-owner ConfigMap shop/b",
    ]);
    const services = base.services.map((service) => ({ ...service, adopt: ["kapp" as const] }));
    expect(say(makePlans({ ...base, services, strangers })[0]?.steps ?? [])).toContain(
      "adopt b: taken over from kapp app 17",
    );
  });

  test("takes an object with a copied label for no other service's: it is adopted, not moved", () => {
    const copy = liveAfter(declaredBy("x/b", "a"), { managedFields: [] });
    expect(planned({ "x/a": [a] }, [copy])["x/a"]).toEqual([
      "adopt a: there already, with a label of x/b that no apply of ours wrote",
    ]);
  });

  test("moves an object to the service that has it now, and deletes nothing", () => {
    const moved = declaredBy("x/b", "a");
    expect(planned({ "x/a": [b], "x/b": [moved] }, [liveAfter(a), liveAfter(b)])).toEqual({
      "x/a": ["unchanged b"],
      "x/b": ["transfer a: moved from x/a"],
    });
  });
});

describe("a delete is proven, never inferred", () => {
  const keep = [b, c];
  const live = (change: Partial<LiveMetadata>): readonly LiveMetadata[] => [
    ...keep.map((one) => liveAfter(one)),
    liveAfter(a, change),
  ];
  const last = (steps: readonly string[] | undefined): string | undefined => steps?.at(-1);

  test.each([
    [
      "somebody copied our label",
      { managedFields: [] },
      "kept a: it carries our label, but our apply did not write it",
    ],
    [
      "a controller owns it",
      { ownerReferences: [{ kind: "ReplicaSet", name: "r", controller: true }] },
      "kept a: it is controlled by ReplicaSet r",
    ],
    [
      "prune is disabled on it",
      { annotations: { "kustomize.toolkit.fluxcd.io/prune": "Disabled" } },
      "kept a: it says kustomize.toolkit.fluxcd.io/prune: disabled",
    ],
    [
      "it is going already",
      { deletionTimestamp: "2026-01-02T00:00:00Z" },
      "kept a: already being deleted since 2026-01-02T00:00:00Z",
    ],
  ] as const)("an object stays when %s", (_why, change, step) => {
    expect(last(planned({ "x/a": keep }, live(change))["x/a"])).toBe(step);
  });

  test("A23 an object stays when somebody wrote the scope that it carries", () => {
    const [entry] = liveAfter(a).managedFields;
    const { "f:labels": labels, ...metadata } = child(entry?.fieldsV1, "f:metadata") ?? {};
    const { "f:gitops.bulkhead.dev/scope": _scope, ...rest } = (labels ?? {}) as JsonObject;
    const fieldsV1 = { ...entry?.fieldsV1, "f:metadata": { ...metadata, "f:labels": rest } };
    const edited = { managedFields: [{ manager: "gitops", operation: "Apply", apiVersion: "v1", fieldsV1 }] } as const;
    expect(last(planned({ "x/a": keep }, live(edited))["x/a"])).toBe(
      "kept a: it carries our label, but our apply did not write it",
    );
  });

  test("objects of a service with the deletion policy orphan stay when it leaves git, and go when it only drops them", () => {
    const policy = { "gitops.bulkhead.dev/deletion-policy": "orphan" };
    const object = liveAfter(a);
    const orphan = { ...object, annotations: { ...object.annotations, ...policy } };
    const others = keep.map((one) => liveAfter(one));
    expect(last(planned({ "x/a": keep }, [...others, orphan])["x/a"])).toBe("delete a: no longer in git");
    const other = declaredBy("x/b", "z");
    const gone = planned({ "x/b": [other] }, [orphan, liveAfter(other)]);
    expect(gone["x/a"]).toEqual(["kept a: its deletion policy is orphan"]);
    // Not even a confirmation deletes it, and it does not count for a breaker.
    const confirmed = planned({ "x/b": [other] }, [orphan, liveAfter(other)], { confirmed: () => ADA });
    expect(confirmed["x/a"]).toEqual(["kept a: its deletion policy is orphan"]);
  });

  test("A8 the program's own namespace and records are never deleted", () => {
    const home = liveAfter(
      declareAs("x/a", { apiVersion: "v1", kind: "Namespace", metadata: { name: "gitops-system" } }),
    );
    const inhabitants = new Map([["/Namespace//gitops-system", { kind: "known", objects: [] } as const]]);
    const own = { confirmed: () => ADA, inhabitants, ownNamespaces: ["gitops-system"] };
    const all = [...keep.map((one) => liveAfter(one)), home];
    expect(last(planned({ "x/a": keep }, all, own)["x/a"])).toBe("kept gitops-system: it is of gitops itself");
    const record = liveAfter(a);
    const managedFields = [
      ...record.managedFields,
      { manager: "gitops-status", operation: "Apply", apiVersion: "v1" } as const,
    ];
    expect(last(planned({ "x/a": keep }, live({ managedFields }))["x/a"])).toBe("kept a: it is of gitops itself");
  });

  test("A8 a namespace with objects of others goes with no confirmation", () => {
    const home = liveAfter(declareAs("x/a", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }));
    const foreign = liveAfter(declaredBy("x/z", "foreign"), { labels: {} });
    const inhabitants = new Map([["/Namespace//shop", { kind: "known", objects: [foreign] } as const]]);
    const service = declareAs("x/a", { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } });
    const steps = planned({ "x/a": [service] }, [liveAfter(service), home], { confirmed: () => ADA, inhabitants });
    expect(last(steps["x/a"])).toBe(
      "held shop: it holds 1 object that x/a does not own or does not let go, such as ConfigMap shop/foreign",
    );
  });

  test("prune: false keeps everything", () => {
    const base = input({ "x/a": keep }, live({}));
    const services = base.services.map((service) => ({ ...service, prune: false }));
    expect(say(makePlans({ ...base, services })[0]?.steps ?? []).at(-1)).toBe("kept a: prune is disabled");
  });

  test("objects of a service without prune stay when it leaves git", () => {
    const object = declareAs(
      "x/gone",
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "g", namespace: "shop" } },
      "test",
      false,
    );
    expect(planned({}, [liveAfter(object)])["x/gone"]).toEqual(["kept g: it says gitops.bulkhead.dev/prune: disabled"]);
  });

  test("nothing is deleted for having left git while definitions cannot be read", () => {
    expect(planned({}, [liveAfter(a)], { complete: false })).toEqual({});
  });

  test("a service that is known but broken or suspended keeps everything", () => {
    expect(planned({}, [liveAfter(a)], { known: ["x/a"] })).toEqual({});
  });

  test("a kind that could not be listed holds the service's deletes, and its own objects are not written", () => {
    const secret = declareAs("x/a", { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "shop" } });
    const base = input({ "x/a": [b, c, secret] }, live({}));
    const [plan] = makePlans({ ...base, unlisted: new Set(["/Secret"]), confirmed: () => ADA });
    expect(say(plan?.steps ?? [])).toEqual([
      "unchanged b",
      "unchanged c",
      "held a: a kind of this service could not be listed",
    ]);
    expect(plan?.failures.map(({ code }) => code)).toEqual(["cluster/list-failed"]);
  });

  test.each(["Namespace", "PersistentVolumeClaim"])("A8 a %s waits for a confirmation", (kind) => {
    const metadata = kind === "Namespace" ? { name: "n" } : { name: "n", namespace: "shop" };
    const object = liveAfter(declareAs("x/a", { apiVersion: "v1", kind, metadata }));
    const all = [...keep.map((one) => liveAfter(one)), object];
    const inhabitants = new Map([[`/${kind}/${object.ref.namespace}/n`, { kind: "known", objects: [] } as const]]);
    const held = planned({ "x/a": keep }, all, { inhabitants });
    expect(last(held["x/a"])).toBe(`held n: ${kind} is protected`);
    const confirmed = planned({ "x/a": keep }, all, { inhabitants, confirmed: () => ADA });
    expect(last(confirmed["x/a"])).toBe("delete n: no longer in git");
  });

  test("what a service leaves behind that left git stays when settings say so", () => {
    const orphans = (service: string): boolean => service === "x/a";
    expect(
      planned(
        {},
        [a, b].map((one) => liveAfter(one)),
        { orphans },
      )["x/a"],
    ).toEqual(["kept b: its deletion policy is orphan", "kept a: its deletion policy is orphan"]);
  });

  test("a kind that settings protect waits for a confirmation, too", () => {
    const all = [...keep, a].map((one) => liveAfter(one));
    const protect = new Set(["/ConfigMap"]);
    expect(last(planned({ "x/a": keep }, all, { protect })["x/a"])).toBe("held a: ConfigMap is protected");
    expect(last(planned({ "x/a": keep }, all, { protect, confirmed: () => ADA })["x/a"])).toBe(
      "delete a: no longer in git",
    );
  });

  test("A13 what the server shows in two groups is one object: declared in either of them, it stays", () => {
    const manifest = { kind: "Event", metadata: { name: "e", namespace: "shop" } };
    const core = declareAs("x/a", { ...manifest, apiVersion: "v1" });
    const shown = liveAfter(declareAs("x/a", { ...manifest, apiVersion: "events.k8s.io/v1" }), { uid: "one" });
    const all = [liveAfter(core, { uid: "one" }), shown];
    const others = keep.map((one) => liveAfter(one));
    expect(planned({ "x/a": [...keep, core] }, [...others, ...all])["x/a"]).toEqual([
      "unchanged b",
      "unchanged c",
      "unchanged e",
    ]);
    expect(planned({ "x/a": keep }, [...others, ...all])["x/a"]).toEqual([
      "unchanged b",
      "unchanged c",
      "delete e: no longer in git",
    ]);
  });

  test("A13 what may be declared in a group that could not be listed is held", () => {
    const manifest = { kind: "Event", metadata: { name: "e", namespace: "shop" } };
    const core = declareAs("x/b", { ...manifest, apiVersion: "v1" });
    const shown = liveAfter(declareAs("x/a", { ...manifest, apiVersion: "events.k8s.io/v1" }));
    const all = [...keep.map((one) => liveAfter(one)), shown];
    expect(last(planned({ "x/a": keep, "x/b": [core] }, all, { unlisted: new Set(["/Event"]) })["x/a"])).toBe(
      "held e: it may be the /Event of the same name, and those could not be listed",
    );
  });

  test("A2 a service that declares nothing any more is held", () => {
    const steps = planned({ "x/a": [], "x/b": [declaredBy("x/b", "z")] }, [
      liveAfter(a),
      liveAfter(declaredBy("x/b", "z")),
    ]);
    expect(steps["x/a"]).toEqual([
      "held a: the service declares no object any more, everything of it would be deleted",
    ]);
  });
});

describe("the breakers", () => {
  const fleet = (services: number): Record<string, readonly Declared[]> =>
    Object.fromEntries(
      Array.from({ length: services }, (_, n) => [
        `x/s${n}`,
        [1, 2, 3, 4].map((m) => declaredBy(`x/s${n}`, `s${n}-${m}`)),
      ]),
    );
  const liveOf = (all: Record<string, readonly Declared[]>): readonly LiveMetadata[] =>
    Object.values(all).flatMap((declared) => declared.map((one) => liveAfter(one)));
  const without = (all: Record<string, readonly Declared[]>, gone: number): Record<string, readonly Declared[]> =>
    Object.fromEntries(Object.entries(all).slice(gone));
  const actions = (plans: Record<string, readonly string[]>): ReadonlySet<string> =>
    new Set(Object.values(plans).flatMap((steps) => steps.map((step) => step.split(" ")[0] ?? "")));

  test.each([
    [250, 1, "delete"],
    [250, 150, "held"],
    [10, 6, "held"],
    [5, 3, "held"],
    [3, 2, "held"],
    [3, 1, "delete"],
  ])("A2 of %i services %i leave: %s", (services, gone, action) => {
    const all = fleet(services);
    const result = actions(planned(without(all, gone), liveOf(all)));
    expect([...result].sort()).toEqual([action, "unchanged"].sort());
  });

  test("a revision that has none of the services that the cluster holds deletes nothing, however little it is", () => {
    const other = declaredBy("y/b", "z");
    const why =
      "none of the services that the cluster holds is in this revision: is it the right repository, path and scope?";
    expect(planned({ "y/b": [other] }, [liveAfter(a)])["x/a"]).toEqual([`held a: ${why}`]);
    expect(planned({}, [liveAfter(a)])["x/a"]).toEqual([`held a: ${why}`]);
    // Also where more goes than a run may delete: this is what people have to look at.
    const many = Array.from({ length: 40 }, (_, n) => liveAfter(declaredBy(`x/${n}`, `many-${n}`)));
    expect(planned({}, many)["x/7"]).toEqual([`held many-7: ${why}`]);
    expect(planned({ "y/b": [other] }, [liveAfter(a)], { confirmed: () => ADA })["x/a"]).toEqual([
      "delete a: no longer in git",
    ]);
  });

  test("objects that only carry a copied label do not make the whole look larger", () => {
    const own = [1, 2, 3, 4, 5, 6].map((n) => declaredBy("x/a", `own-${n}`));
    const copies = [1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
      liveAfter(declaredBy("x/a", `copy-${n}`), { managedFields: [] }),
    );
    const steps = planned({ "x/a": own.slice(4) }, [...own.map((one) => liveAfter(one)), ...copies])["x/a"] ?? [];
    expect(steps.filter((step) => step.startsWith("held"))).toHaveLength(4);
  });

  test("a confirmation lets them go", () => {
    const all = fleet(5);
    expect(actions(planned(without(all, 3), liveOf(all), { confirmed: () => ADA }))).toEqual(
      new Set(["unchanged", "delete"]),
    );
  });

  test("a confirmation for some services lets theirs go, holds the others', and is named where it made a difference", () => {
    const all = fleet(5);
    const confirmed = (service: string) => (service === "x/s0" ? ADA : undefined);
    const plans = makePlans({ ...input(without(all, 3), liveOf(all)), confirmed });
    const told = plans.map((plan) => `${plan.service} ${plan.steps[0]?.action} ${plan.confirmed?.by ?? "-"}`);
    expect(told.filter((one) => one.includes("delete"))).toEqual(["x/s0 delete Ada"]);
    expect(told.filter((one) => one.includes("held"))).toHaveLength(2);
    // a delete that nothing held was not confirmed by anybody
    const [plain] = makePlans({ ...input({ "x/a": [b] }, [liveAfter(a), liveAfter(b)]), confirmed: () => ADA });
    expect(plain?.steps.map(({ action }) => action)).toEqual(["unchanged", "delete"]);
    expect(plain?.confirmed).toBeUndefined();
  });

  test("A2 one service that loses more than half of many objects is held, others are not", () => {
    const big = Array.from({ length: 10 }, (_, n) => declaredBy("x/big", `big-${n}`));
    const all: Record<string, readonly Declared[]> = { ...fleet(20), "x/big": big };
    const next = { ...all, "x/big": big.slice(0, 4), "x/s0": all["x/s0"]?.slice(1) ?? [] };
    const plans = planned(next, liveOf(all));
    expect(plans["x/big"]?.filter((step) => step.startsWith("held"))).toHaveLength(6);
    expect(plans["x/s0"]?.filter((step) => step.startsWith("delete"))).toHaveLength(1);
  });

  test("a service may have a limit of its own, which is taken in place of the usual one", () => {
    const all: Record<string, readonly Declared[]> = {
      ...fleet(10),
      "x/big": [1, 2, 3, 4, 5, 6].map((n) => declaredBy("x/big", `big-${n}`)),
    };
    const next = { ...all, "x/big": all["x/big"]?.slice(0, 4) ?? [], "x/s0": all["x/s0"]?.slice(1) ?? [] };
    const base = input(next, liveOf(all));
    const strict = base.services.map((one) =>
      one.service === "x/big" ? { ...one, deleteLimit: { free: 0, share: 1, max: 1 } } : one,
    );
    const plans = planned(next, liveOf(all), { services: strict });
    const why = "breaker: 2 of 6 objects of the service would be deleted at once, at most 1 may";
    expect(plans["x/big"]?.slice(4)).toEqual([`held big-6: ${why}`, `held big-5: ${why}`]);
    expect(plans["x/s0"]?.at(-1)).toBe("delete s0-1: no longer in git");
  });

  test("of several changes of the usual limits the last one wins, number by number", () => {
    expect(breakerWith({ run: { max: 5, share: 0.1 } }, { run: { share: 0.3 }, gone: { free: 0 } })).toEqual({
      ...DEFAULT_BREAKER,
      run: { free: 5, share: 0.3, max: 5 },
      gone: { ...DEFAULT_BREAKER.gone, free: 0 },
    });
  });

  test("A2 no plan deletes what any service declares, what we do not own, or more than a breaker lets through", () => {
    const object = fc.record({
      owner: fc.constantFrom("x/a", "x/b", "x/gone"),
      name: fc.integer({ min: 0, max: 20 }),
      ours: fc.boolean(),
    });
    const wants = fc.record({ service: fc.constantFrom("x/a", "x/b"), name: fc.integer({ min: 0, max: 20 }) });
    fc.assert(
      fc.property(fc.array(object), fc.array(wants), (objects, wanted) => {
        const live = new Map(
          objects.map(({ owner, name, ours }) => [
            name,
            liveAfter(declaredBy(owner, `o${name}`), ours ? {} : { managedFields: [] }),
          ]),
        );
        const services = { "x/a": [] as Declared[], "x/b": [] as Declared[] };
        for (const { service, name } of wanted) services[service].push(declaredBy(service, `o${name}`));
        const base = input(services, [...live.values()]);
        const deletes = makePlans(base).flatMap(({ steps }) =>
          steps.flatMap((step) => (step.action === "delete" ? [step.live] : [])),
        );
        for (const gone of deletes) {
          expect(wanted.some(({ name }) => `o${name}` === gone.ref.name)).toBe(false);
          expect(gone.managedFields).not.toEqual([]);
        }
        const share = live.size === 0 ? 0 : deletes.length / live.size;
        expect(deletes.length <= DEFAULT_BREAKER.run.free || share <= DEFAULT_BREAKER.run.share).toBe(true);
      }),
    );
  });
});
