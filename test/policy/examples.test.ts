import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findPolicy } from "../../src/services/index.ts";
import { memoryTree } from "../support/disk-tree.ts";

test.each(["README.md", "docs/settings.md"])("the example of gitops.yaml in %s is taken", (page) => {
  const [, example = ""] = /```yaml\n(# gitops\.yaml[^]*?)```/.exec(readFileSync(page, "utf8")) ?? [];
  expect(example).toContain("kind: Settings");
  const found = findPolicy(memoryTree({ "gitops.yaml": example }), "", () => true);
  expect(found.kind === "found" && found.policy).toMatchObject({ ok: true });
  const wrong = findPolicy(memoryTree({ "gitops.yaml": example.replace("defaults:", "default:") }), "", () => true);
  expect(wrong.kind === "found" && wrong.policy.ok).toBe(false);
});
