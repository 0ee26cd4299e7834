import { expect, test } from "vitest";
import type { PassOutcome } from "../../src/model/index.ts";
import type { PassRequest } from "../../src/reconcile/index.ts";
import { type PassScene, passScene } from "./pass-scene.ts";

/** One service with a definition, and one with an object of it. */
const files = (scope: string, size: number): Readonly<Record<string, string>> => ({
  "kinds/kustomization.yaml": "resources: [lamps.yaml]\n",
  "kinds/lamps.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.example.org}
spec:
  group: example.org
  scope: ${scope}
  names: {kind: Lamp, plural: lamps}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
`,
  "shop/kustomization.yaml": "resources: [lamp.yaml]\n",
  "shop/lamp.yaml": `apiVersion: example.org/v1\nkind: Lamp\nmetadata: {name: lamp}\nspec: {size: ${size}}\n`,
});

/** A pass on a clock that stands still: nothing in it is waited for. */
async function passed(scene: PassScene, of: ReturnType<typeof files>, change: Partial<PassRequest> = {}) {
  scene.commit(of);
  const begun = scene.begin(change);
  await scene.clock.advance(0);
  return begun.outcome();
}

const told = (outcome: PassOutcome | undefined): readonly string[] | undefined =>
  outcome?.services.map(({ service, state, failures }) =>
    [service, state, ...failures.map(({ code, message }) => `${code}: ${message}`)].join(" "),
  );

test("L1 nobody waits for a kind whose definition is of a suspended service", async () => {
  const suspended = (service: string): string | undefined => (service === "kinds" ? "suspended by Ada" : undefined);
  expect(told(await passed(passScene(), files("Namespaced", 1), { suspended }))).toEqual([
    "kinds suspended",
    "shop pending apply/unknown-kind: the API server serves no kind for example.org/Lamp default/lamp, and what defines it in this revision is not applied",
  ]);
});
test("L1 a definition that the server does not take holds up nobody whose kind it serves already", async () => {
  const scene = passScene();
  expect(told(await passed(scene, files("Namespaced", 1)))).toEqual(["kinds synced", "shop synced"]);
  expect(told(await passed(scene, files("Cluster", 2)))).toEqual([
    expect.stringMatching(/^kinds failed apply\/immutable: /),
    "shop synced",
  ]);
});
