import { expect, test } from "vitest";
import { discover } from "../../src/services/index.ts";
import { memoryTree } from "../support/disk-tree.ts";

const kustomization = (...resources: readonly string[]): string => `resources: [${resources.join(", ")}]\n`;
const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

test("what another folder takes in through symlinks is no service of its own; a kustomization may be a symlink itself", () => {
  const tree = memoryTree({
    "base/kustomization.yaml": kustomization("base.yaml"),
    "base/base.yaml": configMap("base"),
    "parts/web/kustomization.yaml": kustomization("web.yaml"),
    "parts/web/web.yaml": configMap("web"),
    "shared.yaml": kustomization("../base"),
    "dev/kustomization.yaml": kustomization("link", "parts/web"),
    "dev/link": { symlink: "../base" },
    "dev/parts": { symlink: "../parts" },
    "test/kustomization.yaml": { symlink: "../shared.yaml" },
  });
  const loaded = new Set<string>();
  for (;;) {
    const step = discover(tree, "", (id) => loaded.has(id));
    if (step.kind === "refused") throw new Error(step.failure.message);
    if (step.kind === "done") {
      expect(step.discovery.services.map(({ id }) => id)).toEqual(["dev", "test"]);
      return;
    }
    for (const path of step.paths) loaded.add(tree.entry(path)?.id ?? "");
  }
});
