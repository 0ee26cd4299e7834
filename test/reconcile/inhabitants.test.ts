import { describe, expect, test } from "vitest";
import type { Cluster, Kind, Problem } from "../../src/cluster/index.ts";
import type { LiveMetadata, ObjectRef } from "../../src/model/index.ts";
import { inhabitantsOf, objectionNow, readInhabitants } from "../../src/reconcile/inhabitants.ts";
import { declareAs, declaredBy, index, liveAfter } from "../plan/objects.ts";

const never = new AbortController().signal;
const verbs = ["get", "list", "delete"];
const kind = (group: string, name: string, resource: string, namespaced = true, of = verbs): Kind => {
  return { group, version: "v1", versions: ["v1"], kind: name, resource, namespaced, verbs: of };
};
const KINDS = [
  kind("", "ConfigMap", "configmaps"),
  kind("", "Secret", "secrets"),
  kind("", "ServiceAccount", "serviceaccounts"),
  kind("", "Endpoints", "endpoints"),
  kind("", "Event", "events"),
  kind("", "Namespace", "namespaces", false),
  kind("x.dev", "Lamp", "lamps"),
  kind("metrics.k8s.io", "PodMetrics", "pods", true, ["get", "list"]),
];
const kinds = new Map(KINDS.map((one) => [`${one.group}/${one.kind}`, one]));
const inventory = { kinds, failedGroups: new Set<string>() };
const home = liveAfter(declareAs("x/a", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }));
const definition: LiveMetadata = {
  ...home,
  ref: { group: "apiextensions.k8s.io", kind: "CustomResourceDefinition", namespace: "", name: "lamps.x.dev" },
};

function object(of: Partial<ObjectRef>, change: Partial<LiveMetadata> = {}): LiveMetadata {
  const ref = { group: "", kind: "ConfigMap", namespace: "shop", name: "a", ...of };
  return liveAfter(declaredBy("x/a", ref.name), { ref, labels: {}, uid: `${ref.kind}/${ref.name}`, ...change });
}

/** A cluster with these objects; a resource in `failing` cannot be listed. */
function clusterOf(
  objects: readonly LiveMetadata[],
  failing = "",
): Pick<Cluster, "list"> & { readonly asked: string[] } {
  const asked: string[] = [];
  const problem: Problem = { kind: "status", status: 403, message: "no", causes: [], ambiguous: false };
  return {
    asked,
    list: async (of, { namespace }) => {
      asked.push(`${of.resource} ${namespace ?? "*"}`);
      if (of.resource === failing) return { ok: false, problem };
      const items = objects.filter(
        ({ ref }) => ref.kind === of.kind && ref.group === of.group && (namespace ?? ref.namespace) === ref.namespace,
      );
      return { ok: true, value: { items, resourceVersion: "1" } };
    },
  };
}
const names = async (objects: readonly LiveMetadata[], of = home): Promise<readonly string[]> => {
  const found = await inhabitantsOf(clusterOf(objects), inventory, of, never);
  return found.kind === "known" ? found.objects.map(({ ref }) => ref.name) : [found.why];
};

describe("what goes along", () => {
  test("with a namespace is what lives in it, but for what the cluster puts there itself", async () => {
    const controller = { kind: "ReplicaSet", name: "r", controller: true };
    const objects = [
      object({ name: "mine" }),
      object({ name: "elsewhere", namespace: "other" }),
      object({ name: "kube-root-ca.crt" }),
      object({ kind: "ServiceAccount", name: "default" }),
      object({ kind: "ServiceAccount", name: "web" }),
      object({ kind: "Endpoints", name: "web" }),
      object({ kind: "Event", name: "e" }),
      object({ kind: "Secret", name: "token" }, { annotations: { "kubernetes.io/service-account.name": "default" } }),
      object({ kind: "Secret", name: "kept" }),
      object({ name: "made" }, { ownerReferences: [controller] }),
      object({ name: "going" }, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
      object({ group: "x.dev", kind: "Lamp", name: "lamp" }),
    ];
    expect(await names(objects)).toEqual(["mine", "kept", "web", "lamp"]);
  });

  test("with a definition is every object of it, wherever it is", async () => {
    const lamps = ["a", "b"].map((name) => object({ group: "x.dev", kind: "Lamp", name, namespace: name }));
    expect(await names([...lamps, object({ name: "other" })], definition)).toEqual(["a", "b"]);
  });

  test("is unknown when a kind cannot be listed or a group does not answer", async () => {
    const failing = clusterOf([], "secrets");
    expect(await inhabitantsOf(failing, inventory, home, never)).toMatchObject({ kind: "unknown" });
    expect(await inhabitantsOf(failing, inventory, definition, never)).toMatchObject({ kind: "known" });
    const silent = { ...inventory, failedGroups: new Set(["x.dev"]) };
    for (const one of [home, definition])
      expect(await inhabitantsOf(clusterOf([]), silent, one, never)).toMatchObject({ kind: "unknown" });
  });

  test("is looked at only for what is ours and wanted by nobody", async () => {
    const other = liveAfter(declareAs("x/a", { apiVersion: "v1", kind: "Namespace", metadata: { name: "two" } }));
    const copy = liveAfter(declareAs("x/a", { apiVersion: "v1", kind: "Namespace", metadata: { name: "copy" } }), {
      managedFields: [],
    });
    const live = index(home, other, copy, liveAfter(declaredBy("x/a", "a")));
    const cluster = clusterOf([]);
    const whole = { ...inventory, live, unlisted: new Map() };
    const isWanted = (key: string): boolean => key === "/Namespace//two";
    const found = await readInhabitants(cluster, whole, { scope: "test", isWanted }, never);
    expect([...found.keys()]).toEqual(["/Namespace//shop"]);
    expect(new Set(cluster.asked.map((request) => request.split(" ")[1]))).toEqual(new Set(["shop"]));
    expect(await readInhabitants(cluster, whole, { scope: "elsewhere", isWanted }, never)).toEqual(new Map());
  });
});

describe("right before the delete", () => {
  const lamps = (count: number): readonly LiveMetadata[] =>
    Array.from({ length: count }, (_, n) => object({ group: "x.dev", kind: "Lamp", name: `l-${n}` }));
  const codes = async (objects: readonly LiveMetadata[], of: LiveMetadata, planned: readonly LiveMetadata[]) =>
    (await objectionNow(clusterOf(objects), inventory, of, { kind: "known", objects: planned }, never))?.code;

  test("A8 a namespace that somebody moved into since stays", async () => {
    expect(await codes([], home, [])).toBeUndefined();
    expect(await codes([object({ name: "new" })], home, [])).toBe("prune/changed-since-read");
  });

  test("A9 a definition of which there are more objects than were confirmed stays", async () => {
    expect(await codes(lamps(2), definition, lamps(3))).toBeUndefined();
    expect(await codes(lamps(4), definition, lamps(3))).toBe("prune/changed-since-read");
    expect(await objectionNow(clusterOf(lamps(1)), inventory, definition, undefined, never)).toBeDefined();
  });

  test("anything else is not asked about", async () => {
    const cluster = clusterOf([]);
    expect(await objectionNow(cluster, inventory, object({ name: "a" }), undefined, never)).toBeUndefined();
    expect(cluster.asked).toEqual([]);
  });
});
