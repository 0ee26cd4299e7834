import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, named, startFleet } from "../support/fleet.ts";
import { fluxDocument, KUSTOMIZATION, serviceOf } from "../support/monorepo.ts";
import { flagsOf, run } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

const crd = (kind: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${kind.toLowerCase()}s.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: ${kind}, plural: ${kind.toLowerCase()}s}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;
const custom = (kind: string, name: string): string =>
  `apiVersion: example.org/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {size: 3}\n`;

describeWithCluster("what needs another service's objects", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({ services: 4, namespaces: 1 });
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(() => fleet?.close());

  test("E4 kinds and namespaces that one service defines are there before others' objects, in one pass", async () => {
    const users = Array.from({ length: 10 }, (_, n) => serviceOf("dev", "brand-new", `user-${n}`));
    // By name the users come before what they need.
    const [definer, namespaces] = [serviceOf("dev", "zz", "definer"), serviceOf("dev", "zz", "namespaces")];
    const files = users.map((service, n) => ({
      [service.document]: fluxDocument(service),
      [`${service.folder}/kustomization.yaml`]: `${KUSTOMIZATION}resources: [custom.yaml]\n`,
      [`${service.folder}/custom.yaml`]: custom(n % 2 === 0 ? "Widget" : "Gadget", service.name),
    }));
    const changes: Record<string, string> = Object.assign({}, ...files);
    changes[definer.document] = fluxDocument(definer, { targetNamespace: null });
    changes[`${definer.folder}/kustomization.yaml`] = `${KUSTOMIZATION}resources: [widget.yaml, gadget.yaml]\n`;
    changes[`${definer.folder}/widget.yaml`] = crd("Widget");
    changes[`${definer.folder}/gadget.yaml`] = crd("Gadget");
    changes[namespaces.document] = fluxDocument(namespaces, { targetNamespace: null });
    changes[`${namespaces.folder}/kustomization.yaml`] = `${KUSTOMIZATION}resources: [namespace.yaml]\n`;
    changes[`${namespaces.folder}/namespace.yaml`] = "apiVersion: v1\nkind: Namespace\nmetadata: {name: brand-new}\n";
    await fleet.monorepo.commit(changes, "kinds, a namespace, and their users");
    const planned = await fleet.sync("--dry-run");
    expect(planned.writes).toEqual([]);
    expect(planned.pass.counts.created).toBe(13);
    expect(planned.code).toBe(0);
    const { code, pass, writes } = await fleet.sync();
    expect(pass.services.flatMap(({ failures }) => failures)).toEqual([]);
    expect(code).toBe(0);
    expect(writes).toHaveLength(13);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test("E4 a hundred services at once, each with a kind of its own and an object of it, in one pass", async () => {
    const owners = Array.from({ length: 100 }, (_, n) => ({
      kind: `Cold${n}`,
      service: serviceOf("dev", "cold", `c${n}`),
    }));
    const files = owners.map(({ kind, service }) => ({
      [service.document]: fluxDocument(service),
      [`${service.folder}/kustomization.yaml`]: `${KUSTOMIZATION}resources: [custom.yaml, definition.yaml]\n`,
      [`${service.folder}/custom.yaml`]: custom(kind, service.name),
      [`${service.folder}/definition.yaml`]: crd(kind),
    }));
    const namespace = serviceOf("dev", "zz", "cold");
    await fleet.monorepo.commit(
      {
        ...Object.assign({}, ...files),
        [namespace.document]: fluxDocument(namespace, { targetNamespace: null }),
        [`${namespace.folder}/kustomization.yaml`]: `${KUSTOMIZATION}resources: [namespace.yaml]\n`,
        [`${namespace.folder}/namespace.yaml`]: "apiVersion: v1\nkind: Namespace\nmetadata: {name: cold}\n",
      },
      "a hundred kinds",
    );
    const { code, pass, writes } = await fleet.sync();
    expect(pass.services.flatMap(({ failures }) => failures)).toEqual([]);
    expect(code).toBe(0);
    expect(writes).toHaveLength(201);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test("E6 items of a List, among them a namespace and a cluster-scoped object that names one", async () => {
    const service = serviceOf("dev", "own", "own");
    await fleet.monorepo.commit(
      {
        [service.document]: fluxDocument(service, { targetNamespace: null }),
        [`${service.folder}/all.yaml`]: `apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: own}}
  - {apiVersion: v1, kind: Namespace, metadata: {name: own}}
  - {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: own, namespace: wrong}, rules: []}
`,
      },
      "own namespace",
    );
    const { code, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(named(writes)).toEqual([
      "patch clusterroles undefined/own",
      "patch configmaps own/a",
      "patch namespaces own/own",
    ]);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test("D23 a service waits for what it depends on; cycles and failures stop exactly those who depend on them", async () => {
    const names = ["base", "middle", "top", "broken", "above-broken", "loop-a", "loop-b", "lonely"];
    const services = Object.fromEntries(names.map((name) => [name, serviceOf("dev", "payments", name)]));
    const dependsOn: Readonly<Record<string, readonly string[]>> = {
      middle: ["base"],
      top: ["middle"],
      "above-broken": ["broken"],
      "loop-a": ["loop-b"],
      "loop-b": ["loop-a"],
      lonely: ["nobody"],
    };
    const changes = Object.entries(services).map(([name, service]) => ({
      [service.document]: fluxDocument(service, {
        more: `  dependsOn: [${(dependsOn[name] ?? []).map((other) => `{name: ${other}}`).join(", ")}]\n`,
      }),
      [`${service.folder}/object.yaml`]:
        name === "broken"
          ? "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n"
          : `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dep-${name}}\n`,
    }));
    await fleet.monorepo.commit(Object.assign({}, ...changes), "dependencies");
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(1);
    const state = (name: string) => {
      const outcome = pass.services.find((one) => one.service === `payments/${name}`);
      return [outcome?.state, ...(outcome?.failures ?? []).map((failure) => failure.code)];
    };
    expect(state("base")).toEqual(["synced"]);
    expect(state("top")).toEqual(["synced"]);
    expect(state("broken")[0]).toBe("failed");
    expect(state("above-broken")).toEqual(["blocked", "service/dependency-not-ready"]);
    expect(state("loop-a")).toEqual(["failed", "service/dependency-cycle"]);
    expect(state("loop-b")).toEqual(["failed", "service/dependency-cycle"]);
    expect(state("lonely")).toEqual(["failed", "service/dependency-not-found"]);
    const order = writes
      .map(({ objectRef }) => objectRef?.name)
      .filter((name) => /^dep-(base|middle|top)$/.test(name ?? ""));
    expect(order).toEqual(["dep-base", "dep-middle", "dep-top"]);
  });

  test("a suspended service is left alone, whatever git and the cluster say", async () => {
    const service = fleet.service(0);
    const suspended = fluxDocument(service, { more: "  suspend: true\n" });
    await fleet.monorepo.commit(
      { [service.document]: suspended, [`${service.folder}/configmap.yaml`]: "not even YAML: [" },
      "suspend",
    );
    const { pass, writes } = await fleet.sync("--service", service.id);
    expect(pass.services.map(({ state }) => state)).toEqual(["suspended"]);
    expect(writes).toEqual([]);
  });

  test("diff exits 1 when there is something to do and 0 when there is not, and never writes", async () => {
    const since = fleet.cluster.mark();
    const flags = flagsOf(fleet.target);
    expect((await run(["diff", ...flags, "--service", "payments/base"])).code).toBe(0);
    const service = serviceOf("dev", "payments", "base");
    await fleet.monorepo.commit(
      {
        [`${service.folder}/object.yaml`]:
          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dep-base}\ndata: {a: b}\n",
      },
      "change",
    );
    const { code, stdout } = await run(["diff", ...flags, "--service", "payments/base"]);
    expect(code).toBe(1);
    expect(stdout).toContain('+ data.a: "b"');
    expect((await run(["diff", ...flags, "--service", "nothing-*"])).code).toBe(2);
    expect(fleet.cluster.audit({ since, userAgent: "gitops/" })).toEqual([]);
  });
});
