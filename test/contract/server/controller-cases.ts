import { expect, test } from "vitest";
import type { Json, JsonObject } from "../../../src/model/index.ts";
import { configMap, configMaps, deployment, deployments, dig } from "./objects.ts";
import { type Ask, at, create, get, MERGE, patch, remove, type Step } from "./transcript.ts";

const namespaces = at("v1", "namespaces", false);
const WAIT_TRIES = 600;

export interface Controlled {
  readonly ask: Ask;
  /** Lets some time go by. */
  pause(): Promise<void>;
  namespace(): Promise<string>;
}

/** What a controller manager makes of objects in the end, however long it takes. */
export function controllerCases(open: () => Controlled): void {
  const within = async (body: (ask: (step: Step) => Promise<{ status: number; body: Json }>) => Promise<void>) => {
    const { ask, ...controlled } = open();
    const ns = await controlled.namespace();
    await body((step) => ask(JSON.parse(JSON.stringify(step).replaceAll("$ns", ns)) as Step));
  };
  const eventually = async (read: () => Promise<Json>, wanted: Json) => {
    let seen: Json = null;
    for (let tries = 0; tries < WAIT_TRIES; tries++) {
      seen = await read();
      if (JSON.stringify(seen) === JSON.stringify(wanted)) return;
      await open().pause();
    }
    expect(seen).toEqual(wanted);
  };
  const ownedBy = (owner: Json, name: string, more: JsonObject = {}): JsonObject =>
    configMap(
      {},
      {
        name,
        ownerReferences: [
          { apiVersion: "v1", kind: "ConfigMap", name: "a", uid: dig(owner, "metadata", "uid"), ...more },
        ],
      },
    );

  test("what nobody owns any more is deleted after its owner", () =>
    within(async (ask) => {
      const owner = (await ask(create(configMaps, configMap({})))).body;
      await ask(create(configMaps, ownedBy(owner, "b")));
      await ask(create(configMaps, configMap({}, { name: "c" })));
      await ask(remove(configMaps, "a", { propagationPolicy: "Background" }));
      await eventually(async () => (await ask(get(configMaps, "b"))).status, 404);
      expect((await ask(get(configMaps, "c"))).status).toBe(200);
    }));

  test("a definition whose owner goes takes its objects along", () =>
    within(async (ask) => {
      const roles = at("rbac.authorization.k8s.io/v1", "clusterroles", false);
      const definitions = at("apiextensions.k8s.io/v1", "customresourcedefinitions", false);
      const things = at("$ns.example.com/v1", "things", false);
      const [group, crd] = ["$ns.example.com", "things.$ns.example.com"];
      const role = {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "$ns" },
        rules: [],
      };
      const owner = (await ask(create(roles, role))).body;
      const reference = {
        apiVersion: role.apiVersion,
        kind: role.kind,
        name: "$ns",
        uid: dig(owner, "metadata", "uid"),
      };
      const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
      const spec = {
        group,
        names: { kind: "Thing", plural: "things" },
        scope: "Cluster",
        versions: [{ name: "v1", served: true, storage: true, schema }],
      };
      const kind = "CustomResourceDefinition";
      const metadata = { name: crd, ownerReferences: [reference] };
      await ask(create(definitions, { apiVersion: "apiextensions.k8s.io/v1", kind, metadata, spec }));
      const thing = { apiVersion: "$ns.example.com/v1", kind: "Thing", metadata: { name: "a" } };
      await eventually(async () => {
        const { status } = await ask(create(things, thing));
        return status === 409 ? 201 : status;
      }, 201);
      const held = { metadata: { finalizers: ["example.com/hold"] } };
      await ask(patch(things, "a", MERGE, held));
      await ask(remove(roles, "$ns"));
      await eventually(async () => {
        const { body } = await ask(get(things, "a"));
        return dig(body, "metadata", "deletionTimestamp") !== undefined;
      }, true);
      expect((await ask(get(definitions, crd))).status).toBe(200);
      await ask(patch(things, "a", MERGE, { metadata: { finalizers: null } }));
      await eventually(async () => (await ask(get(definitions, crd))).status, 404);
    }));

  test("what another owner has stays", () =>
    within(async (ask) => {
      const owner = (await ask(create(configMaps, configMap({})))).body;
      const other = (await ask(create(configMaps, configMap({}, { name: "o" })))).body;
      const both = [owner, other].map((one) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        name: String(dig(one, "metadata", "name") as string),
        uid: dig(one, "metadata", "uid"),
      }));
      await ask(create(configMaps, configMap({}, { name: "b", ownerReferences: both })));
      await ask(create(configMaps, ownedBy(owner, "witness")));
      await ask(remove(configMaps, "a", { propagationPolicy: "Background" }));
      await eventually(async () => (await ask(get(configMaps, "witness"))).status, 404);
      expect((await ask(get(configMaps, "b"))).status).toBe(200);
    }));

  test("in the foreground the owner waits for what blocks it", () =>
    within(async (ask) => {
      const owner = (await ask(create(configMaps, configMap({})))).body;
      const held = ownedBy(owner, "b", { blockOwnerDeletion: true });
      const metadata = { ...(held["metadata"] as JsonObject), finalizers: ["example.com/hold"] };
      await ask(create(configMaps, { ...held, metadata }));
      await ask(remove(configMaps, "a", { propagationPolicy: "Foreground" }));
      const marked = async () => dig((await ask(get(configMaps, "b"))).body, "metadata", "deletionTimestamp") !== null;
      await eventually(marked, true);
      expect((await ask(get(configMaps, "a"))).status).toBe(200);
      await ask(patch(configMaps, "b", MERGE, { metadata: { finalizers: null } }));
      await eventually(async () => (await ask(get(configMaps, "a"))).status, 404);
    }));

  test("orphans stay, without their owner", () =>
    within(async (ask) => {
      const owner = (await ask(create(configMaps, configMap({})))).body;
      await ask(create(configMaps, ownedBy(owner, "b")));
      await ask(remove(configMaps, "a", { propagationPolicy: "Orphan" }));
      await eventually(async () => (await ask(get(configMaps, "a"))).status, 404);
      expect(dig((await ask(get(configMaps, "b"))).body, "metadata", "ownerReferences")).toBeNull();
    }));

  test("a namespace takes its content with it, and waits for what is held", () =>
    within(async (ask) => {
      await ask(create(configMaps, configMap({})));
      await ask(create(configMaps, configMap({}, { name: "b", finalizers: ["example.com/hold"] })));
      await ask({ method: "DELETE", path: namespaces.one("$ns") });
      await eventually(async () => (await ask(get(configMaps, "a"))).status, 404);
      const marked = async () => dig((await ask(get(configMaps, "b"))).body, "metadata", "deletionTimestamp") !== null;
      await eventually(marked, true);
      expect(dig((await ask(get(namespaces, "$ns"))).body, "status", "phase")).toBe("Terminating");
      await ask(patch(configMaps, "b", MERGE, { metadata: { finalizers: null } }));
      await eventually(async () => (await ask(get(namespaces, "$ns"))).status, 404);
    }));

  test("a deployment becomes ready, and says so of its generation", () =>
    within(async (ask) => {
      await ask(create(deployments, deployment({ replicas: 2 })));
      const status = async () => {
        const { body } = await ask(get(deployments, "a"));
        const counts = ["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
        const conditions = dig(body, "status", "conditions");
        const types = Array.isArray(conditions)
          ? conditions.map(
              (one: Json) => `${String(dig(one, "type") as string)}=${String(dig(one, "status") as string)}`,
            )
          : [];
        return [...counts.map((name) => dig(body, "status", name)), ...types.sort()];
      };
      await eventually(status, [1, 2, 2, 2, 2, "Available=True", "Progressing=True"]);
      await ask(patch(deployments, "a", MERGE, { spec: { replicas: 3 } }));
      await eventually(status, [2, 3, 3, 3, 3, "Available=True", "Progressing=True"]);
    }));

  test("a claim's protection is lifted when it is deleted", () =>
    within(async (ask) => {
      const claims = at("v1", "persistentvolumeclaims");
      const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
      await ask(create(claims, { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "a" }, spec }));
      await ask(remove(claims, "a"));
      await eventually(async () => (await ask(get(claims, "a"))).status, 404);
    }));
}
