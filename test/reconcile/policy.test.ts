import { describe, expect, test } from "vitest";
import type { PassOutcome } from "../../src/model/index.ts";
import { type PassScene, passOver, passScene } from "./pass-scene.ts";

type Files = Readonly<Record<string, string>>;

/** Plain folders, each with config maps of these names. */
function services(of: Readonly<Record<string, readonly string[]>>): Files {
  const files = Object.entries(of).flatMap(([folder, names]) => [
    [`${folder}/kustomization.yaml`, `resources: [${names.map((name) => `${name}.yaml`).join(", ")}]\n`],
    ...names.map((name) => [`${folder}/${name}.yaml`, `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`]),
  ]);
  return Object.fromEntries(files);
}

const passed = (scene: PassScene, files: Files, breaker = {}): Promise<PassOutcome> =>
  passOver(scene, files, { breaker });

const deletes = ({ services: all }: PassOutcome): readonly string[] =>
  all.flatMap(({ steps }) =>
    steps
      .filter(({ action }) => action === "delete" || action === "held")
      .map(({ action, ref, why }) => `${action} ${ref.name}: ${why}`),
  );
const states = ({ services: all }: PassOutcome): Readonly<Record<string, string>> =>
  Object.fromEntries(all.map(({ service, state }) => [service, state]));

const BEFORE = services({ "shop/cart": ["a", "b"], "shop/till": ["c", "d"], "post/mail": ["e", "f"] });
const AFTER = services({ "shop/cart": ["a"], "shop/till": ["c"], "post/mail": ["e"] });

describe("a pass over a repository with settings", () => {
  test("whose file cannot be read changes nothing: it may say what must not be touched", async () => {
    const scene = passScene();
    await passed(scene, BEFORE);
    const outcome = await passed(scene, { ...AFTER, "gitops.yaml": "services:\n  - matsch: '*'\n    suspend: true\n" });
    expect(outcome.services).toEqual([]);
    expect(outcome.failures).toMatchObject([
      { code: "usage/invalid-settings", at: { path: "gitops.yaml", line: 2 } },
      { code: "usage/invalid-settings", at: { path: "gitops.yaml", line: 2 } },
    ]);
    expect(deletes(await passed(scene, AFTER))).toHaveLength(3);
  });

  test("protects a kind that is named without its group, and tells of one that nobody knows", async () => {
    const scene = passScene();
    const set =
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  serviceName: db\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: db, image: db}]}}\n";
    const settings = { "gitops.yaml": "protect: [StatefulSet, Secrt]\n" };
    const files = services({ "shop/cart": ["a", "b"] });
    const kustomization = { "shop/cart/kustomization.yaml": "resources: [a.yaml, b.yaml, db.yaml]\n" };
    await passed(scene, { ...files, ...settings, ...kustomization, "shop/cart/db.yaml": set });
    scene.commit({ ...files, ...settings });
    const begun = scene.begin();
    await scene.clock.advance(0);
    expect(deletes(begun.outcome() as PassOutcome)).toEqual(["held db: StatefulSet is protected"]);
    expect(begun.events.flatMap((event) => (event.type === "notice" ? [event.message] : []))).toEqual([
      "gitops.yaml:1:24: settings protect Secrt, a kind that the API server does not serve: did you mean Secret?",
    ]);
  });

  test("tells which kind was meant where nobody serves what is declared", async () => {
    const scene = passScene();
    const kinds = {
      "a.yaml": "v1 Configmap",
      "b.yaml": "v1 Deployment",
      "c.yaml": "example.org/v1 Mystery",
      "d.yaml": "v1 Mystery",
      "e.yaml": "v1 Job",
    };
    const files = Object.entries(kinds).map(([file, text]) => {
      const [apiVersion, kind] = text.split(" ");
      return [`odd/${file}`, `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: ${file[0]}}\n`];
    });
    const resources = `resources: [${Object.keys(kinds).join(", ")}]\n`;
    const outcome = await passed(scene, { "odd/kustomization.yaml": resources, ...Object.fromEntries(files) });
    expect(outcome.services[0]?.failures.map(({ code, remedy }) => `${code} ${remedy}`)).toEqual([
      "plan/unknown-kind did you mean kind: ConfigMap of apiVersion: v1?",
      "plan/unknown-kind did you mean kind: Deployment of apiVersion: apps/v1?",
      "plan/unknown-kind add the CustomResourceDefinition of example.org/Mystery, or install what brings it",
      "plan/unknown-kind write apiVersion with the group of Mystery, or install what brings it",
      "plan/unknown-kind did you mean kind: Job of apiVersion: batch/v1?",
    ]);
  });

  test("leaves alone what an entry suspends, also when it left git, and fails only what a wrong entry matches", async () => {
    const scene = passScene();
    await passed(scene, BEFORE);
    const settings = "services:\n  - {match: shop/cart, suspend: true}\n  - {match: shop/till, suspend: yes}\n";
    const outcome = await passed(scene, { ...AFTER, "gitops.yaml": settings });
    expect(states(outcome)).toEqual({ "post/mail": "synced", "shop/cart": "suspended", "shop/till": "failed" });
    expect(deletes(outcome)).toEqual(["delete f: no longer in git"]);
    const gone = await passed(scene, { ...services({ "post/mail": ["e"] }), "gitops.yaml": settings });
    expect(deletes(gone)).toEqual([]);
  });

  test("keeps what a service leaves behind that an entry does not prune, though it left git with the entry's commit", async () => {
    const scene = passScene();
    await passed(scene, BEFORE);
    const settings = "services:\n  - {match: shop/*, prune: false}\n  - {match: till, deletionPolicy: prune}\n";
    const left = services({ "post/mail": ["e", "f"] });
    const outcome = await passed(scene, { ...left, "gitops.yaml": settings }, { gone: { free: 2 } });
    expect(deletes(outcome).toSorted()).toEqual(["delete c: no longer in git", "delete d: no longer in git"]);
  });

  test("holds deletes of protected kinds, and those beyond its limits; a limit that is given goes over them", async () => {
    const scene = passScene();
    await passed(scene, BEFORE);
    const limited = `breaker: {service: {max: 0}}\nservices:\n  - {match: post/*, deleteLimit: {max: 1, free: 1}}\n`;
    const over = "breaker: 1 of 2 objects of the service would be deleted at once, at most 0 may";
    expect(deletes(await passed(scene, { ...AFTER, "gitops.yaml": limited }))).toEqual([
      "delete f: no longer in git",
      `held b: ${over}`,
      `held d: ${over}`,
    ]);
    const isProtected = "protect: [ConfigMap]\n";
    expect(deletes(await passed(scene, { ...AFTER, "gitops.yaml": isProtected }))).toEqual([
      "held b: ConfigMap is protected",
      "held d: ConfigMap is protected",
    ]);
    expect(deletes(await passed(scene, { ...AFTER, "gitops.yaml": limited }, { service: { max: 5 } }))).toEqual([
      "delete b: no longer in git",
      "delete d: no longer in git",
    ]);
  });
});
