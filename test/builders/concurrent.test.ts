import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workerSource } from "../../scripts/bundle.mjs";
import { buildOurs } from "../../scripts/conformance/engine.ts";
import {
  BUILDERS_DEFAULTS,
  type BuildAnswer,
  type Builders,
  openBuilders,
  type TreeSource,
} from "../../src/builders/index.ts";
import { systemClock } from "../../src/clock.ts";
import type { Tree } from "../../src/model/index.ts";
import { arbitraryKustomization } from "../support/arbitrary-kustomization.ts";
import { listingOf, memoryTree } from "../support/disk-tree.ts";

const never = new AbortController().signal;

/** 150 generated trees side by side in one repository. */
const cases = fc.sample(arbitraryKustomization(), { seed: 42, numRuns: 150 });
const files = cases.flatMap((made, index) =>
  Object.entries(made.files).map(([path, content]) => [`case-${index}/${path}`, content] as const),
);
const tree: Tree = memoryTree(Object.fromEntries(files));
const folders = cases.map((made, index) => `case-${index}/${made.folder}`);

let builders: Builders;
beforeAll(async () => {
  builders = openBuilders({ ...BUILDERS_DEFAULTS, worker: await workerSource() }, systemClock());
});
afterAll(() => builders.close());

/** Each round of questions to git takes a while, and another while each time. */
function slowSource(): TreeSource {
  const { text, paths } = listingOf(tree);
  let asked = 0;
  return {
    key: tree.entry("")?.id ?? "",
    listing: text,
    async blobs(ids) {
      asked += 1;
      for (let turn = 0; turn < asked % 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return new Map(
        ids.flatMap((id) => {
          const entry = tree.entry(paths.get(id) ?? "");
          return entry === undefined ? [] : [[id, tree.read(entry)] as const];
        }),
      );
    },
  };
}

const run = (source: TreeSource, folder: string): Promise<BuildAnswer> => {
  const options = { loadRestrictions: "rootOnly", generate: false } as const;
  return builders.build({ service: folder, folder, source, options, text: true }, never);
};

describe("builds in threads, all at once", () => {
  test("come out as the same builds one after the other in one thread", async () => {
    const source = slowSource();
    const answers = await Promise.all(folders.map((folder) => run(source, folder)));
    for (const [index, answer] of answers.entries()) {
      const folder = folders[index] ?? "";
      const alone = buildOurs(tree, folder);
      expect(answer.ok ? { folder, text: answer.text } : { folder, failures: answer.failures }).toEqual(
        alone.ok ? { folder, text: alone.yaml } : { folder, failures: alone.failures },
      );
      expect(new Map(answer.footprint)).toEqual(alone.footprint);
      if (answer.ok && alone.ok) expect(answer.objects.map(({ manifest }) => manifest)).toEqual(alone.objects);
    }
    expect(answers.filter(({ ok }) => ok).length).toBeGreaterThan(50);
  });
});
