import { describe, expect, test } from "vitest";
import type { JsonObject, LiveMetadata } from "../../src/model/index.ts";
import { foreignOwners } from "../../src/plan/index.ts";
import { declaredBy, liveAfter } from "./objects.ts";

const owners = (change: Partial<LiveMetadata>): readonly string[] =>
  foreignOwners(liveAfter(declaredBy("x/a", "a"), { labels: {}, annotations: {}, managedFields: [], ...change })).map(
    ({ tool, kind, namespace, name }) => `${tool} ${kind} ${namespace}/${name}`,
  );
const argo = "argocd.argoproj.io";
const byArgo = { manager: "argocd-controller", operation: "Apply", apiVersion: "v1" } as const;
const release = { "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "apps" };
const helm = { "app.kubernetes.io/managed-by": "Helm" };

describe("whose an object says it is", () => {
  test.each<[string, Partial<LiveMetadata>, readonly string[]]>([
    ["nobody's", {}, []],
    [
      "a Flux Kustomization's",
      { labels: { "kustomize.toolkit.fluxcd.io/name": "a", "kustomize.toolkit.fluxcd.io/namespace": "f" } },
      ["flux Kustomization f/a"],
    ],
    [
      "a Flux HelmRelease's, and the release's behind it",
      {
        labels: { ...helm, "helm.toolkit.fluxcd.io/name": "a", "helm.toolkit.fluxcd.io/namespace": "f" },
        annotations: release,
      },
      ["flux HelmRelease f/a", "flux release apps/web"],
    ],
    ["a Helm release's", { labels: helm, annotations: release }, ["helm release apps/web"]],
    [
      "a Helm release's in the same namespace",
      { labels: helm, annotations: { "meta.helm.sh/release-name": "web" } },
      ["helm release shop/web"],
    ],
    ["rendered from a chart", { labels: helm }, []],
    ["marked like Helm's by half", { annotations: release }, []],
    [
      "an Argo CD Application's, by tracking id",
      { annotations: { [`${argo}/tracking-id`]: "web:/ConfigMap:shop/a" } },
      ["argo Application /web"],
    ],
    [
      "an Argo CD Application's of another namespace",
      { annotations: { [`${argo}/tracking-id`]: "team_web:/ConfigMap:shop/a" } },
      ["argo Application team/web"],
    ],
    [
      "an Argo CD Application's, of an object without a namespace, which is named with the Application's",
      {
        ref: { group: "rbac.authorization.k8s.io", kind: "ClusterRole", namespace: "", name: "system:a" },
        annotations: { [`${argo}/tracking-id`]: "web:rbac.authorization.k8s.io/ClusterRole:shop/system:a" },
      },
      ["argo Application /web"],
    ],
    [
      "nobody's: the tracking id is a copy of another's without a namespace",
      {
        ref: { group: "rbac.authorization.k8s.io", kind: "ClusterRole", namespace: "", name: "b" },
        annotations: { [`${argo}/tracking-id`]: "web:rbac.authorization.k8s.io/ClusterRole:shop/a" },
      },
      [],
    ],
    [
      "nobody's: the tracking id is a copy of another object's",
      {
        annotations: { [`${argo}/tracking-id`]: "web:apps/Deployment:shop/b" },
        labels: { [`${argo}/instance`]: "web" },
      },
      [],
    ],
    ["an Argo CD Application's, by label", { labels: { [`${argo}/instance`]: "web" } }, ["argo Application /web"]],
    [
      "an Argo CD Application's, by the common label and its hand",
      { labels: { "app.kubernetes.io/instance": "web" }, managedFields: [byArgo] },
      ["argo Application /web"],
    ],
    ["a chart's: the common label alone", { labels: { "app.kubernetes.io/instance": "web" } }, []],
    ["a kapp app's", { labels: { "kapp.k14s.io/app": "1700" } }, ["kapp app /1700"]],
  ])("%s", (_whose, change, want) => {
    expect(owners(change)).toEqual(want);
  });

  describe("when a takeover got half-way: their fields are ours, and no apply of ours was", () => {
    const taken = (labels: Record<string, string>, annotations: Record<string, string> = {}): Partial<LiveMetadata> => {
      const keys = (of: object): object => Object.fromEntries(Object.keys(of).map((key) => [`f:${key}`, {}]));
      const fieldsV1 = { "f:metadata": { "f:labels": keys(labels), "f:annotations": keys(annotations) } } as JsonObject;
      const managedFields = [{ manager: "gitops", operation: "Apply", apiVersion: "v1", fieldsV1 } as const];
      return { labels, annotations, managedFields };
    };
    const flux = { "kustomize.toolkit.fluxcd.io/name": "a", "kustomize.toolkit.fluxcd.io/namespace": "f" };
    const common = { "app.kubernetes.io/instance": "web" };

    test("it still belongs to whom it belonged", () => {
      expect(owners(taken(flux))).toEqual(["flux Kustomization f/a"]);
      expect(owners(taken(common))).toEqual(["argo Application /web"]);
    });

    test("after our apply the same marks are ours", () => {
      const applied = { "gitops.bulkhead.dev/applied": "sha256:1", "gitops.bulkhead.dev/service-id": "f/a" };
      expect(owners(taken(flux, applied))).toEqual([]);
      expect(owners(taken(common, applied))).toEqual([]);
    });

    test("marks that name another than the object's own service are none of ours, whoever wrote them", () => {
      const applied = { "gitops.bulkhead.dev/applied": "sha256:1", "gitops.bulkhead.dev/service-id": "f/b" };
      expect(owners(taken(flux, applied))).toEqual(["flux Kustomization f/a"]);
    });
  });
});
