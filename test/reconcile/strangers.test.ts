import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { Answer, Cluster, Problem } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import { readInventory } from "../../src/live/index.ts";
import type { Manifest } from "../../src/model/index.ts";
import { type Declared, type ForeignOwner, kindKey, ownerKey } from "../../src/plan/index.ts";
import { newOwnerLook } from "../../src/reconcile/foreign-owners.ts";
import { newStrangers } from "../../src/reconcile/strangers.ts";
import { declareAs } from "../plan/objects.ts";

const never = new AbortController().signal;
const denied: Problem = { kind: "status", status: 403, message: "no", causes: [], ambiguous: false };

function configMap(name: string, namespace = "shop", labels: Record<string, string> = {}): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels }, data: {} } as Manifest;
}
const declared = (...names: readonly string[]): readonly Declared[] =>
  names.map((name) => declareAs("x/a", configMap(...(name.split("@") as [string, string?]))));

/** An embedded cluster with these objects, and what is asked of it. `deny` answers 403. */
async function scene(objects: readonly Manifest[], deny: (request: string) => boolean = () => false) {
  const embedded = createEmbedded({ clock: systemClock() });
  const inventory = await readInventory(embedded, systemClock(), never);
  if (!inventory.ok) throw new Error("no inventory");
  const { kinds } = inventory.value;
  const options = { fieldManager: "them", force: true };
  for (const namespace of ["shop", "one", "two", "three", "four"]) {
    const of = kinds.get("/Namespace");
    if (of === undefined) throw new Error("no namespaces");
    await embedded.apply(of, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, options, never);
  }
  for (const object of objects) {
    const slash = object.apiVersion.indexOf("/");
    const group = slash < 0 ? "" : object.apiVersion.slice(0, slash);
    const of = kinds.get(kindKey({ group, kind: object.kind }));
    if (of === undefined) throw new Error(`no kind ${object.kind}`);
    const done = await embedded.apply(of, object, options, never);
    if (!done.ok) throw new Error(done.problem.message);
  }
  const asked: string[] = [];
  const told = async <T>(request: string, answer: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    asked.push(request);
    return deny(request) ? { ok: false, problem: denied } : await answer();
  };
  const cluster: Cluster = {
    ...embedded,
    list: (kind, of, signal) =>
      told(`list ${kind.resource} ${of.namespace ?? "*"} ${of.labelSelector ?? ""}`.trim(), () =>
        embedded.list(kind, of, signal),
      ),
    metadata: (kind, namespace, name, signal) =>
      told(`get ${kind.resource} ${namespace}/${name}`, () => embedded.metadata(kind, namespace, name, signal)),
    get: (kind, namespace, name, signal) =>
      told(`read ${kind.resource} ${namespace}/${name}`, () => embedded.get(kind, namespace, name, signal)),
  };
  return { cluster, inventory: inventory.value, asked };
}

describe("what is there already", () => {
  test("is asked one by one when it is little, and once", async () => {
    const { cluster, inventory, asked } = await scene([configMap("a"), configMap("other")]);
    const strangers = newStrangers(cluster, systemClock(), inventory, never);
    await strangers.look(declared("a", "b"));
    await strangers.look(declared("a", "b"));
    expect(asked.toSorted()).toEqual(["get configmaps shop/a", "get configmaps shop/b"]);
    expect([...strangers.known.there.keys()]).toEqual(["/ConfigMap/shop/a"]);
    expect(strangers.known.unknown.size).toBe(0);
  });

  test("is listed by namespace when it is much, and in namespaces that are there only", async () => {
    const names = Array.from({ length: 25 }, (_, n) => `m-${n}`);
    const { cluster, inventory, asked } = await scene([configMap("m-3"), configMap("x", "one"), configMap("y", "one")]);
    const strangers = newStrangers(cluster, systemClock(), inventory, never);
    await strangers.look(declared(...names, "x@one", ...names.map((name) => `${name}@new`)));
    expect(asked.toSorted()).toEqual(["list configmaps one", "list configmaps shop", "list namespaces *"]);
    expect([...strangers.known.there.keys()].toSorted()).toEqual(["/ConfigMap/one/x", "/ConfigMap/shop/m-3"]);
  });

  test("is listed as a whole when it is spread over many namespaces", async () => {
    const places = ["shop", "one", "two", "three", "four"];
    const all = places.flatMap((place) => Array.from({ length: 5 }, (_, n) => `m-${n}@${place}`));
    const { cluster, inventory, asked } = await scene([configMap("m-3", "two")]);
    const strangers = newStrangers(cluster, systemClock(), inventory, never);
    await strangers.look(declared(...all));
    expect(asked.toSorted()).toEqual(["list configmaps *", "list namespaces *"]);
    expect([...strangers.known.there.keys()]).toEqual(["/ConfigMap/two/m-3"]);
  });

  test("is unknown, not absent, when the cluster does not say", async () => {
    const { cluster, inventory } = await scene([configMap("a")], (request) => request.endsWith("/a"));
    const strangers = newStrangers(cluster, systemClock(), inventory, never);
    await strangers.look(declared("a", "b"));
    expect([...strangers.known.unknown]).toEqual([["/ConfigMap/shop/a", "no"]]);
  });

  test("its owners are asked for once, however many objects they have", async () => {
    const app = { "kapp.k14s.io/app": "17" };
    const record = {
      ...configMap("shop.apps.k14s.io", "one", { "kapp.k14s.io/is-app": "" }),
      data: { spec: '{"labelValue":"17"}' },
    } as Manifest;
    const { cluster, inventory, asked } = await scene([
      configMap("a", "shop", app),
      configMap("b", "shop", app),
      record,
    ]);
    const strangers = newStrangers(cluster, systemClock(), inventory, never);
    await strangers.look(declared("a"));
    await strangers.look(declared("b"));
    expect([...strangers.known.owners]).toEqual([["app//17", "live"]]);
    expect(asked.filter((request) => request.includes("is-app"))).toHaveLength(1);
  });
});

describe("how an owner is", () => {
  const owner = (kind: ForeignOwner["kind"], name: string, namespace = "shop"): ForeignOwner => ({
    tool: "helm",
    kind,
    namespace,
    name,
  });
  const release = (status: string, version = 1): Manifest =>
    ({
      ...configMap(`sh.helm.release.v1.web.v${version}`, "shop", { owner: "helm", name: "web", status }),
      kind: "Secret",
    }) as Manifest;

  test.each<[string, readonly Manifest[], ForeignOwner, string]>([
    ["a kind that is not served has no objects", [], owner("Kustomization", "web"), "gone"],
    ["nor has this one", [], owner("Application", "web"), "gone"],
    ["no version of the release", [], owner("release", "web"), "gone"],
    ["a deployed release", [release("superseded"), release("deployed", 2)], owner("release", "web"), "live"],
    ["a failed release", [release("failed")], owner("release", "web"), "live"],
    [
      "an uninstalled release whose history is kept",
      [release("superseded"), release("uninstalled", 2)],
      owner("release", "web"),
      "gone",
    ],
    ["a release of the same name elsewhere", [release("deployed")], owner("release", "web", "one"), "gone"],
    [
      "a release that is kept in a ConfigMap",
      [{ ...release("deployed"), kind: "ConfigMap" } as Manifest],
      owner("release", "web"),
      "live",
    ],
  ])("%s", async (_case, objects, of, state) => {
    const { cluster, inventory } = await scene(objects);
    expect(await newOwnerLook(cluster, inventory)(of, never)).toBe(state);
  });

  test("is unknown when the cluster does not say", async () => {
    const { cluster, inventory } = await scene([], (request) => request.includes("secrets"));
    expect(await newOwnerLook(cluster, inventory)(owner("release", "web"), never)).toBe("unknown");
    const failed = { ...inventory, failedGroups: new Set(["argoproj.io"]) };
    expect(await newOwnerLook(cluster, failed)(owner("Application", "web"), never)).toBe("unknown");
    const apps = await scene([], (request) => request.includes("is-app"));
    expect(await newOwnerLook(apps.cluster, apps.inventory)(owner("app", "17", ""), never)).toBe("unknown");
  });

  test("owners of one name and different kinds are told apart", () => {
    expect(ownerKey(owner("release", "web"))).not.toBe(ownerKey(owner("HelmRelease", "web")));
  });
});
