import { describe, expect, test } from "vitest";
import { discover, newDefinitions } from "../../src/services/index.ts";
import { memoryTree } from "../support/disk-tree.ts";

const flux = (name: string, suspend: boolean): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec: {interval: 10m, path: ./apps/${name}, prune: true, suspend: ${suspend}, sourceRef: {kind: GitRepository, name: fleet}}
`;
const APPS = { "apps/cart/kustomization.yaml": "resources: []\n", "apps/pay/kustomization.yaml": "resources: []\n" };

/** Revisions one after the other, as one process reads them: only what it has not read is loaded. */
function revisions() {
  const known = newDefinitions();
  return (files: Readonly<Record<string, string>>): readonly string[] => {
    const tree = memoryTree({ ...APPS, ...files });
    const loaded = new Set<string>();
    for (let round = 0; round < 9; round += 1) {
      const step = discover(tree, "fleet", (id) => loaded.has(id), known);
      if (step.kind === "done")
        return step.discovery.services.map(({ id, at, settings }) => `${id} in ${at.path}, ${settings.suspend}`);
      if (step.kind === "refused") throw new Error(step.failure.message);
      for (const path of step.paths) loaded.add(tree.entry(path)?.id ?? "");
    }
    throw new Error("it asks for ever more");
  };
}

describe("what was read of an earlier revision", () => {
  test("is not what a file says that was changed since", () => {
    const read = revisions();
    expect(read({ "fleet/cart.yaml": flux("cart", false) })).toEqual(["flux-system/cart in fleet/cart.yaml, false"]);
    expect(read({ "fleet/cart.yaml": flux("cart", true) })).toEqual(["flux-system/cart in fleet/cart.yaml, true"]);
  });

  // Its content is at hand already, so nothing is loaded that would have it read anew.
  test("is not what a file says that has the content of another one since", () => {
    const read = revisions();
    read({ "fleet/a.yaml": flux("cart", false), "fleet/b.yaml": flux("pay", true) });
    expect(read({ "fleet/a.yaml": flux("pay", true) })).toEqual(["flux-system/pay in fleet/a.yaml, true"]);
  });

  test("is broken as before, at the same field of the same line, while its file is the same", () => {
    const known = newDefinitions();
    const bad = flux("cart", false).replace("suspend: false", "suspend: perhaps");
    const failures = [1, 2, 3].map((revision) => {
      const tree = memoryTree({
        ...APPS,
        "fleet/cart.yaml": `# one\n${bad}`,
        "fleet/pay.yaml": flux("pay", revision > 1),
      });
      for (const loaded = new Set<string>(); ; ) {
        const step = discover(tree, "fleet", (id) => loaded.has(id), known);
        if (step.kind === "done")
          return step.discovery.broken.flatMap((one) => one.failures.map(({ at, code }) => ({ at, code })));
        if (step.kind === "refused") throw new Error(step.failure.message);
        for (const path of step.paths) loaded.add(tree.entry(path)?.id ?? "");
      }
    });
    const at = { path: "fleet/cart.yaml", line: 5, column: 55 };
    const once = [{ code: "service/invalid-field", at }];
    expect(failures).toEqual([once, once, once]);
  });

  test("is what a file says that another one says, too, each at its own place", () => {
    const read = revisions();
    read({ "fleet/a.yaml": flux("cart", false) });
    expect(read({ "fleet/z/moved.yaml": flux("cart", false) })).toEqual([
      "flux-system/cart in fleet/z/moved.yaml, false",
    ]);
  });
});

test("what is wrong with a label is told at its line, whatever is in its key", () => {
  const labels = ", commonMetadata: {labels: {app.kubernetes.io/name: cart,\n  example.org/a.b: 7}}}";
  const tree = memoryTree({ ...APPS, "fleet/cart.yaml": flux("cart", false).replace(/}\n$/, labels) });
  const step = discover(tree, "fleet", () => true);
  expect(step.kind === "done" && step.discovery.broken.flatMap(({ failures }) => failures)).toEqual([
    {
      code: "service/invalid-field",
      message: "spec.commonMetadata.labels.example.org/a.b is no string",
      remedy: "write spec.commonMetadata.labels.example.org/a.b as text, in quotes if need be",
      at: { path: "fleet/cart.yaml", line: 5, column: 3 },
    },
  ]);
});
