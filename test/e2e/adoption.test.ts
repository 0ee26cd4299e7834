import pLimit from "p-limit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { flagsOf, run } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet, steps, type Told } from "../support/small-fleet.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const MERGE = "application/merge-patch+json";
const FLUX = "kustomize.toolkit.fluxcd.io";
const FLUX_HELM = "helm.toolkit.fluxcd.io";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

function definition(name: string, kind: string, version: string) {
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name },
    spec: {
      group: name.slice(name.indexOf(".") + 1),
      scope: "Namespaced",
      names: { kind, plural: name.slice(0, name.indexOf(".")) },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

const DEFINITIONS = [
  definition(`kustomizations.${FLUX}`, "Kustomization", "v1"),
  definition(`helmreleases.${FLUX_HELM}`, "HelmRelease", "v2"),
  definition("applications.argoproj.io", "Application", "v1alpha1"),
];

/** Objects that are in the cluster before the service that declares them, and whose they are. */
describeWithCluster("what is there already", () => {
  let fleet: SmallFleet;
  beforeAll(async () => {
    fleet = await startSmallFleet("adoption");
    for (const definition of DEFINITIONS) await fleet.ask("POST", CRDS, definition);
    await fleet.commit(fleet.declares("other", { one: map("other-one"), two: map("other-two") }));
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(async () => {
    for (const { metadata } of DEFINITIONS) await fleet.ask("DELETE", `${CRDS}/${metadata.name}`);
    await fleet?.close();
  });

  /** A sync of one service: no test depends on what another one left. */
  const syncOf = (name: string, ...more: readonly string[]) => fleet.sync("--service", fleet.service(name).id, ...more);
  const told = async (name: string, resource?: string): Promise<Told | undefined> =>
    fleet.ask("GET", fleet.path(name, resource));
  const data = async (name: string): Promise<unknown> => (await told(name))?.["data"];
  /** Creates a config map as the manager, by an update. */
  const created = (name: string, manager: string, metadata: object = {}, values: object = { VALUE: "0" }) =>
    fleet.ask("POST", `${fleet.path("").slice(0, -1)}?fieldManager=${manager}`, {
      metadata: { name, ...metadata },
      data: values,
    });
  /** Applies a config map as the manager, on the server. */
  const applied = (name: string, manager: string, metadata: object = {}, values: object = { VALUE: "0" }) =>
    fleet.ask(
      "PATCH",
      `${fleet.path(name)}?fieldManager=${manager}&force=true`,
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data: values },
      "application/apply-patch+yaml",
    );
  const two = (name: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {VALUE: "1", OLD: "1"}\n`;
  const whys = ({ pass }: Awaited<ReturnType<SmallFleet["sync"]>>): readonly string[] =>
    pass.services.flatMap((service) => service.steps).map(({ action, name, why }) => `${action} ${name}: ${why}`);

  test("an object that is nobody's is adopted in place, and said to be", async () => {
    const before = await created("plain", "somebody");
    await fleet.commit(fleet.declares("plain", { plain: map("plain"), fresh: map("fresh") }));
    expect(whys(await syncOf("plain", "--dry-run"))).toContain("adopt plain: there already, last written by somebody");
    const synced = await syncOf("plain");
    expect(synced.code).toBe(0);
    expect(steps(synced)).toEqual(["adopt plain", "create fresh"]);
    expect(synced.pass.counts.adopted).toBe(1);
    expect(await data("plain")).toEqual({ VALUE: "1" });
    expect(await fleet.uid("plain")).toBe(before?.metadata.uid);
    expect((await syncOf("plain")).writes).toEqual([]);
  });

  test("many objects are found by one list", async () => {
    const names = Array.from({ length: 30 }, (_, n) => `many-${n}`);
    for (const name of names.slice(0, 25)) await created(name, "somebody");
    await fleet.commit(fleet.declares("many", Object.fromEntries(names.map((name) => [name, map(name)]))));
    const since = fleet.cluster.mark();
    const { pass } = await syncOf("many");
    expect([pass.counts.adopted, pass.counts.created]).toEqual([25, 5]);
    const reads = fleet.cluster.audit({ since, reads: true, userAgent: "gitops/" });
    const single = reads.filter(({ verb, objectRef }) => verb === "get" && objectRef?.name?.startsWith("many-"));
    expect(single).toEqual([]);
  });

  test.each([
    ["E3", "kubectl-client-side-apply", created],
    ["E3", "kubectl", applied],
    ["E2", "kustomize-controller", applied],
  ] as const)("%s a field that git drops after an object was taken over from %s goes", async (_id, manager, make) => {
    const [name, service] = [`from-${manager}`, `taking-${manager}`];
    await make(name, manager, { annotations: { [LAST_APPLIED]: "{}" } }, { VALUE: "0", OLD: "0", NEVER: "0" });
    const uid = await fleet.uid(name);
    await fleet.commit(fleet.declares(service, { one: two(name) }));
    expect((await syncOf(service)).code).toBe(0);
    // What the former manager declared and git never did goes at once: git is what declares it now.
    expect(await data(name)).toEqual({ VALUE: "1", OLD: "1" });
    await fleet.commit(fleet.declares(service, { one: map(name) }));
    expect((await syncOf(service)).code).toBe(0);
    expect(await data(name)).toEqual({ VALUE: "1" });
    expect(await fleet.uid(name)).toBe(uid);
    expect((await told(name))?.metadata.annotations).not.toHaveProperty([LAST_APPLIED]);
  });

  test("E3 the same of an object that nobody's ownership was recorded of, and only what git declared", async () => {
    await created("unrecorded", "somebody", {}, { VALUE: "0", OLD: "0", THEIRS: "0" });
    await fleet.ask("PATCH", fleet.path("unrecorded"), { metadata: { managedFields: [{}] } }, MERGE);
    await fleet.commit(fleet.declares("unrecorded", { one: two("unrecorded") }));
    expect((await syncOf("unrecorded")).code).toBe(0);
    await fleet.commit(fleet.declares("unrecorded", { one: map("unrecorded", "2") }));
    expect((await syncOf("unrecorded")).code).toBe(0);
    expect(await data("unrecorded")).toEqual({ VALUE: "2", THEIRS: "0" });
  });

  test.each(["kubectl-edit", "some-controller"])("E2 what %s set beside git stays", async (manager) => {
    const [name, service] = [`beside-${manager}`, `beside-${manager}`];
    await created(name, manager, {}, { VALUE: "0", THEIRS: "0" });
    await fleet.commit(fleet.declares(service, { one: map(name) }));
    expect((await syncOf(service)).code).toBe(0);
    await fleet.commit(fleet.declares(service, { one: map(name, "2") }));
    expect((await syncOf(service)).code).toBe(0);
    expect(await data(name)).toEqual({ VALUE: "2", THEIRS: "0" });
  });

  test("C2 the copy of a Secret that kubectl kept in an annotation goes, and is told nowhere", async () => {
    const canary = "canary-5f3a9b";
    const kept = JSON.stringify({ apiVersion: "v1", kind: "Secret", stringData: { password: canary } });
    await fleet.ask("POST", `${fleet.path("", "secrets").slice(0, -1)}?fieldManager=kubectl-client-side-apply`, {
      metadata: { name: "kept", annotations: { [LAST_APPLIED]: kept } },
      stringData: { password: canary },
    });
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: kept}\nstringData: {password: "${canary}"}\n`;
    await fleet.commit(fleet.declares("secret", { secret }));
    const synced = await syncOf("secret", "--verbose");
    expect(steps(synced)).toEqual(["adopt kept"]);
    expect(`${JSON.stringify(synced.pass)}${synced.stderr}`).not.toContain(canary);
    expect((await told("kept", "secrets"))?.metadata.annotations).not.toHaveProperty([LAST_APPLIED]);
  });

  test("Flux v1's bookkeeping goes", async () => {
    const marks = {
      labels: { "fluxcd.io/sync-gc-mark": "sha256.x" },
      annotations: { "fluxcd.io/sync-checksum": "1" },
    };
    await created("flux-v1", "kubectl", marks);
    await fleet.commit(fleet.declares("flux-v1", { one: map("flux-v1") }));
    expect(steps(await syncOf("flux-v1"))).toEqual(["adopt flux-v1"]);
    const { labels, annotations } = (await told("flux-v1"))?.metadata ?? {};
    expect(labels).not.toHaveProperty(["fluxcd.io/sync-gc-mark"]);
    expect(annotations).not.toHaveProperty(["fluxcd.io/sync-checksum"]);
  });

  /** Who may have an object, and what shows that it is at work. */
  const owners = {
    "Flux Kustomization": {
      tool: "flux",
      marks: { labels: { [`${FLUX}/name`]: "apps", [`${FLUX}/namespace`]: "adoption" } },
      path: `/apis/${FLUX}/v1/namespaces/adoption/kustomizations`,
      owner: { apiVersion: `${FLUX}/v1`, kind: "Kustomization", metadata: { name: "apps" }, spec: { prune: true } },
    },
    "Flux HelmRelease": {
      tool: "flux",
      marks: { labels: { [`${FLUX_HELM}/name`]: "web", [`${FLUX_HELM}/namespace`]: "adoption" } },
      path: `/apis/${FLUX_HELM}/v2/namespaces/adoption/helmreleases`,
      owner: { apiVersion: `${FLUX_HELM}/v2`, kind: "HelmRelease", metadata: { name: "web" }, spec: {} },
    },
    "Helm release": {
      tool: "helm",
      marks: {
        labels: { "app.kubernetes.io/managed-by": "Helm" },
        annotations: { "meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "adoption" },
      },
      path: "/api/v1/namespaces/adoption/secrets",
      owner: {
        metadata: {
          name: "sh.helm.release.v1.shop.v1",
          labels: { owner: "helm", name: "shop", status: "deployed", version: "1" },
        },
        type: "helm.sh/release.v1",
      },
    },
    "Argo CD Application": {
      tool: "argo",
      marks: { labels: { "argocd.argoproj.io/instance": "shop" } },
      path: "/apis/argoproj.io/v1alpha1/namespaces/adoption/applications",
      owner: { apiVersion: "argoproj.io/v1alpha1", kind: "Application", metadata: { name: "shop" }, spec: {} },
    },
    "kapp app": {
      tool: "kapp",
      marks: { labels: { "kapp.k14s.io/app": "1234" } },
      path: "/api/v1/namespaces/adoption/configmaps",
      owner: {
        metadata: { name: "shop.apps.k14s.io", labels: { "kapp.k14s.io/is-app": "" } },
        data: { spec: JSON.stringify({ labelKey: "kapp.k14s.io/app", labelValue: "1234" }) },
      },
    },
  } as const;

  test.each(Object.entries(owners))(
    "%s at work: its object is refused, alone, until it is given up or taken over",
    async (title, { tool, marks, path, owner }) => {
      const name = title.toLowerCase().replaceAll(" ", "-");
      for (const suffix of ["refused", "annotated", "asked"]) await created(`${name}-${suffix}`, "them", marks);
      await fleet.ask("POST", path, owner);
      const adopting = map(`${name}-annotated`).replace(
        "metadata: {",
        "metadata: {annotations: {gitops.bulkhead.dev/adopt: enabled}, ",
      );
      const wanted = { refused: map(`${name}-refused`), annotated: adopting, free: map(`${name}-free`) };
      await fleet.commit(fleet.declares(name, wanted));
      const refused = await syncOf(name);
      expect(refused.code).toBe(1);
      expect(codes(refused)).toEqual(["plan/foreign-owner"]);
      expect(refused.pass.services[0]?.failures[0]?.message).toContain(`belongs to ${title} `);
      expect(steps(refused)).toEqual([`adopt ${name}-annotated`, `create ${name}-free`]);
      expect(await data(`${name}-refused`)).toEqual({ VALUE: "0" });

      await fleet.commit(fleet.declares(name, { asked: map(`${name}-asked`) }));
      const asked = await syncOf(name, "--adopt", tool);
      expect(asked.code).toBe(0);
      expect(steps(asked)).toEqual([`adopt ${name}-asked`, `adopt ${name}-refused`]);
      // What was taken over is ours, whatever becomes of the other tool.
      expect((await syncOf(name)).code).toBe(0);

      await created(`${name}-left`, "them", marks);
      await fleet.ask("DELETE", `${path}/${owner.metadata.name}`);
      await fleet.commit(fleet.declares(name, { left: map(`${name}-left`) }));
      const left = await syncOf(name);
      expect(whys(left)).toContainEqual(expect.stringMatching(`^adopt ${name}-left: there already, left by ${title} `));
    },
  );

  test("an object that its owner applied after it was taken over is held when git drops it, while that owner is at work", async () => {
    const { path, owner, marks } = owners["Helm release"];
    await fleet.ask("POST", path, owner);
    await applied("back", "helm", marks);
    await fleet.commit(fleet.declares("back", { one: map("back"), two: map("back-beside") }));
    expect(steps(await syncOf("back", "--adopt", "helm"))).toEqual(["adopt back", "create back-beside"]);
    const uid = await fleet.uid("back");
    await applied("back", "helm", marks, { VALUE: "1", CHART: "1" });
    await fleet.commit(fleet.declares("back", { one: null }));
    const held = await syncOf("back");
    expect(held.code).toBe(3);
    expect(held.writes).toEqual([]);
    expect(whys(held)).toContain("held back: Helm release adoption/shop has applied it since it was taken over");
    expect(await fleet.uid("back")).toBe(uid);
    await fleet.ask("DELETE", `${path}/${owner.metadata.name}`);
    expect(steps(await syncOf("back"))).toEqual(["delete back"]);
  });

  test("an object of a suspended Flux Kustomization is given up", async () => {
    const { path, owner, marks } = owners["Flux Kustomization"];
    await fleet.ask("POST", path, { ...owner, spec: { suspend: true } });
    await created("suspended", "kustomize-controller", marks);
    await fleet.commit(fleet.declares("suspended", { one: map("suspended") }));
    expect(steps(await syncOf("suspended"))).toEqual(["adopt suspended"]);
    await fleet.ask("DELETE", `${path}/apps`);
  });

  test("an owner that cannot be asked for may be at work", async () => {
    const { marks } = owners["Argo CD Application"];
    await created("unasked", "them", marks);
    await fleet.commit(fleet.declares("unasked", { one: map("unasked") }));
    const denied = await fleet.proxied(async (proxy, flags) => {
      const path = /^\/apis\/argoproj.io\/v1alpha1\/applications\?limit=\d+$/;
      proxy.add({ path, fault: { kind: "status", code: 403, reason: "Forbidden" } });
      return await syncOf("unasked", ...flags);
    });
    expect(codes(denied)).toEqual(["plan/foreign-owner"]);
    expect(denied.pass.services[0]?.failures[0]?.message).toContain("may belong to Argo CD Application shop");
    expect(steps(await syncOf("unasked"))).toEqual(["adopt unasked"]);
  });

  test("what a controller made is not taken from it, whatever is asked", async () => {
    const uid = await fleet.uid("other-one");
    const reference = { apiVersion: "v1", kind: "ConfigMap", name: "other-one", uid, controller: true };
    await created("made", "some-controller", { ownerReferences: [reference] });
    await fleet.commit(fleet.declares("made", { one: map("made"), two: map("made-beside") }));
    const refused = await syncOf("made", "--adopt", "all");
    expect(codes(refused)).toEqual(["plan/foreign-owner"]);
    expect(steps(refused)).toEqual(["create made-beside"]);
    expect(await data("made")).toEqual({ VALUE: "0" });
  });

  test("switches on the object, in git or in the cluster, leave it as it is", async () => {
    const marked = (name: string, mark: string, value = "1"): string =>
      map(name, value).replace("metadata: {", `metadata: {annotations: {${mark}}, `);
    const live = { annotations: { [`${FLUX}/reconcile`]: "Disabled" } };
    for (const [name, marks] of Object.entries({ paused: live, once: {}, ignored: {} }))
      await created(`switch-${name}`, "somebody", marks);
    const declared = (value: string) => ({
      paused: map("switch-paused", value),
      once: marked("switch-once", `${FLUX}/ssa: IfNotPresent`, value),
      first: marked("switch-first", `${FLUX}/ssa: IfNotPresent`, value),
      ignored: marked("switch-ignored", 'fluxcd.io/ignore: "true"', value),
      absent: marked("switch-absent", `${FLUX}/reconcile: disabled`, value),
      "sync-only": marked("switch-sync-only", "fluxcd.io/ignore: sync_only", value),
    });
    await fleet.commit(fleet.declares("switch", declared("1")));
    const synced = await syncOf("switch");
    expect(synced.code).toBe(0);
    expect(steps(synced)).toEqual(["create switch-first", "create switch-sync-only"]);
    expect(await fleet.uid("switch-absent")).toBeUndefined();
    await fleet.commit(fleet.declares("switch", declared("2")));
    expect(steps(await syncOf("switch"))).toEqual(["update switch-sync-only"]);
    expect([await data("switch-paused"), await data("switch-first")]).toEqual([{ VALUE: "0" }, { VALUE: "1" }]);
    // None of what says so is pruned.
    await fleet.ask(
      "PATCH",
      fleet.path("switch-first"),
      { metadata: { labels: { [`${FLUX}/ssa`]: "Ignore" } } },
      MERGE,
    );
    await fleet.commit(fleet.declares("switch", { first: null, "sync-only": null, paused: null }));
    const pruned = await syncOf("switch");
    expect(steps(pruned)).toEqual(["kept switch-first", "kept switch-sync-only"]);
    expect(pruned.writes).toEqual([]);
  });

  test("a service with the deletion policy Orphan leaves its objects behind", async () => {
    const policy = { more: "  deletionPolicy: Orphan\n" };
    await fleet.commit(fleet.declares("orphans", { one: map("orphan-one"), two: map("orphan-two") }, policy));
    await syncOf("orphans");
    await fleet.commit(fleet.declares("orphans", { two: null }, policy));
    expect(steps(await syncOf("orphans"))).toEqual(["delete orphan-two"]);
    const { document, folder } = fleet.service("orphans");
    await fleet.commit({ [document]: null, [folder]: null });
    const left = await syncOf("orphans");
    expect(whys(left)).toEqual(["kept orphan-one: its deletion policy is orphan"]);
    expect(left.writes).toEqual([]);
  });

  test("A24 a service that was suspended in git when it left it loses nothing until somebody confirms", async () => {
    const kept = ["--status-namespace", "adoption-status"];
    await fleet.commit(fleet.declares("paused", { one: map("paused-one") }));
    expect((await syncOf("paused", ...kept)).code).toBe(0);
    await fleet.commit(fleet.declares("paused", { one: map("paused-one") }, { more: "  suspend: true\n" }));
    expect((await syncOf("paused", ...kept)).pass.services.map(({ state }) => state)).toEqual(["suspended"]);
    const { document, folder } = fleet.service("paused");
    const commit = await fleet.commit({ [document]: null, [folder]: null });
    for (let pass = 1; pass <= 2; pass += 1) {
      const left = await syncOf("paused", ...kept);
      expect(left.code).toBe(3);
      expect(left.pass.services.map(({ state }) => state)).toEqual(["held"]);
      expect(whys(left)).toEqual(["held paused-one: its service left git while it was suspended there"]);
      expect(await fleet.uid("paused-one")).toBeDefined();
    }
    const confirmed = await syncOf("paused", ...kept, "--confirm", commit.slice(0, 12));
    expect(steps(confirmed)).toEqual(["delete paused-one"]);
  });

  test("orphans are listed with the reason and never deleted", async () => {
    const policy = { more: "  deletionPolicy: Orphan\n" };
    await fleet.commit(fleet.declares("lost", { one: map("lost-one") }, policy));
    await syncOf("lost");
    const { labels, annotations } = (await told("lost-one"))?.metadata ?? {};
    await created("lost-copy", "somebody", { labels, annotations });
    const uid = await fleet.uid("lost-one");
    const controller = { apiVersion: "v1", kind: "ConfigMap", name: "lost-one", uid, controller: true };
    await created("lost-child", "somebody", { labels, annotations, ownerReferences: [controller] });
    await created("lost-flux-v1", "kubectl", { labels: { "fluxcd.io/sync-gc-mark": "sha256.x" } });
    const { document, folder } = fleet.service("lost");
    await fleet.commit({ [document]: null, [folder]: null });
    const since = fleet.cluster.mark();
    const listed = await run(["orphans", ...flagsOf(fleet.target), ...fleet.scope, "-o", "json"]);
    const found = JSON.parse(listed.stdout) as { orphans: readonly { name: string; why: string; deleted: boolean }[] };
    expect(listed.code).toBe(1);
    const lost = found.orphans.filter(({ name }) => name.startsWith("lost-"));
    expect(lost.map(({ name, why, deleted }) => `${name} ${deleted}: ${why}`)).toEqual([
      "lost-copy false: it carries our label, but our apply did not write it",
      "lost-flux-v1 false: Flux v1 applied it, and no service declares it",
      "lost-one false: its deletion policy is orphan",
    ]);
    expect(fleet.cluster.audit({ since, userAgent: "gitops/" })).toEqual([]);
    // What is declared is none, in any group or version that it is shown in.
    expect(found.orphans.map(({ name }) => name)).not.toContain("other-one");
  });

  test("A8 a namespace with objects of others goes with no confirmation, and neither does one that was there before", async () => {
    const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;
    await fleet.ask("POST", "/api/v1/namespaces", { metadata: { name: "adoption-earlier" } });
    const free = { targetNamespace: null };
    const spaces = ["mixed", "own", "earlier"].map((name) => [name, namespace(`adoption-${name}`)] as const);
    const inside = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inside, namespace: adoption-own}\n`;
    const stay = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stay, namespace: adoption}\n`;
    await fleet.commit(fleet.declares("spaces", { ...Object.fromEntries(spaces), inside, stay }, free));
    const first = await syncOf("spaces");
    expect(steps(first)).toContain("adopt adoption-earlier");
    await fleet.ask("POST", "/api/v1/namespaces/adoption-mixed/configmaps", { metadata: { name: "foreign" } });
    const nothing = { mixed: null, own: null, earlier: null, inside: null };
    const commit = await fleet.commit(fleet.declares("spaces", nothing, free));
    const confirmed = await syncOf("spaces", "--confirm", commit.slice(0, 12));
    expect(confirmed.code).toBe(3);
    expect(whys(confirmed).toSorted()).toEqual([
      "delete adoption-own: no longer in git",
      "delete inside: no longer in git",
      "held adoption-mixed: it holds 1 object that adoption/spaces does not own or does not let go, such as ConfigMap adoption-mixed/foreign",
      "kept adoption-earlier: it says gitops.bulkhead.dev/prune: disabled",
      "unchanged stay: ",
    ]);
  });

  test("A9 a definition that left git is held with the number of objects that would go along", async () => {
    const crd = JSON.stringify(definition("shapes.adoption.example.org", "Shape", "v1"));
    await fleet.commit(fleet.declares("kinds", { crd, beside: map("kinds-beside") }, { targetNamespace: null }));
    expect((await syncOf("kinds", "--default-namespace", "adoption")).code).toBe(0);
    const shapes = "/apis/adoption.example.org/v1/namespaces/adoption/shapes";
    const shape = { apiVersion: "adoption.example.org/v1", kind: "Shape" };
    const few = pLimit(8);
    const made = Array.from({ length: 500 }, (_, n) => `s${n}`).map((name) =>
      few(() => fleet.ask("POST", shapes, { ...shape, metadata: { name } })),
    );
    await Promise.all(made);
    await fleet.commit(fleet.declares("kinds", { crd: null }, { targetNamespace: null }));
    expect(whys(await syncOf("kinds", "--default-namespace", "adoption"))).toContain(
      "held shapes.adoption.example.org: CustomResourceDefinition is protected: 500 objects of it would go along",
    );
  });
});
