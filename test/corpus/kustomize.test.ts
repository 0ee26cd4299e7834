import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { caseFolders, openFolder, runCase, runTree } from "../../scripts/conformance/cases.ts";
import type { Verdict } from "../../scripts/conformance/compare.ts";
import { runGenerated } from "../../scripts/conformance/generated.ts";
import { goKustomize, referenceKustomize } from "../../scripts/reference-kustomize.ts";
import { reference } from "../support/reference.ts";

const CORPUS = resolve("../shared/corpus");
const present = existsSync(join(CORPUS, "kustomize"));

/** Cases that kustomize builds and this engine refuses, each with the code it answers: the whole list. */
const REFUSED: Readonly<Record<string, string>> = {};

/** What did not pass, in a form that a failed expectation shows in full. */
function told(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts
    .filter(({ outcome }) => outcome === "failed")
    .map(({ name, reason, diff }) => `${name}: ${reason ?? ""}\n${(diff ?? "").slice(0, 2_000)}`);
}

if (!present) process.stderr.write("the corpora are not compared: there is no ../shared/corpus\n");

describe.skipIf(!present)("the corpus", () => {
  test("kustomize's own cases come out byte-equal, or are refused as the table says", () => {
    const root = join(CORPUS, "kustomize");
    const verdicts = caseFolders(root).map((folder) => runCase(root, folder));
    expect(verdicts.length).toBeGreaterThan(100);
    expect(told(verdicts)).toEqual([]);
    const refused = verdicts.filter(({ outcome }) => outcome === "refused");
    expect(Object.fromEntries(refused.map(({ name, reason }) => [name, reason?.split(":", 1)[0]]))).toEqual(REFUSED);
  });

  test.each([
    ["gitops-catalog", 557],
    ["kubeflow-manifests", 188],
  ])("%s: each folder that kustomize builds comes out as kustomize builds it", async (name, folders) => {
    const binary = await reference(() => referenceKustomize(undefined));
    if (binary === undefined) return;
    const { folder, temporary } = openFolder(join(CORPUS, `${name}.tar.gz`));
    try {
      const { verdicts } = await runTree(folder, binary, 2);
      expect(told(verdicts)).toEqual([]);
      expect(verdicts.filter(({ outcome }) => outcome === "passed")).toHaveLength(folders);
    } finally {
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    }
  });
});

describe("generated kustomizations", () => {
  test("E7 come out as kustomize builds them", async () => {
    if ((await reference(goKustomize)) === undefined) return;
    const verdicts = await runGenerated(1_000, 20_000);
    expect(verdicts).toHaveLength(1_000);
    expect(told(verdicts)).toEqual([]);
  });
});
