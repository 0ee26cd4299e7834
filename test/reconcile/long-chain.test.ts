import { expect, test } from "vitest";
import { passScene } from "./pass-scene.ts";

/** Far more than calls can be within calls. */
const SERVICES = 5_000;

test("a chain of dependencies of any length is worked through, and who is beside it is served", {
  timeout: 60_000,
}, async () => {
  const scene = passScene();
  const chain = Array.from({ length: SERVICES }, (_, index) => {
    const settings = index + 1 < SERVICES ? `dependsOn: [chain/s${index + 1}]\n` : "{}\n";
    const folder = `chain/s${index}`;
    return [
      [`${folder}/gitops.yaml`, settings],
      [`${folder}/kustomization.yaml`, "resources: []\n"],
    ] as const;
  });
  scene.commit({
    ...Object.fromEntries(chain.flat()),
    "beside/kustomization.yaml": "resources: [cm.yaml]\n",
    "beside/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside}\n",
  });
  const begun = scene.begin();
  await expect.poll(begun.outcome, { timeout: 50_000 }).toBeDefined();
  expect(begun.service("beside")?.state).toBe("synced");
  expect(begun.outcome()?.services.filter(({ state }) => state === "unchanged")).toHaveLength(SERVICES);
});
