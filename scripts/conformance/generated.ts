import fc from "fast-check";
import { arbitraryKustomization, type KustomizationCase } from "../../test/support/arbitrary-kustomization.ts";
import { memoryTree } from "../../test/support/disk-tree.ts";
import { type ReferenceAnswer, type ReferenceServer, serveReference } from "../reference-kustomize.ts";
import { compareText, failureLine, type Verdict } from "./compare.ts";
import { buildOurs } from "./engine.ts";

/** Questions under way to the reference: it works on the next ones while this engine builds. */
const BATCH = 64;

/** Builds `count` generated trees with both engines. The same seed gives the same trees. */
export async function runGenerated(count: number, seed: number): Promise<readonly Verdict[]> {
  const server = await serveReference();
  try {
    const verdicts: Verdict[] = [];
    for (let done = 0; done < count; done += BATCH) {
      const size = Math.min(BATCH, count - done);
      const cases = fc.sample(arbitraryKustomization(), { seed: seed + done, numRuns: size });
      const answers = cases.map((made) => server.build(made));
      for (const [index, made] of cases.entries()) {
        const answer = await answers[index];
        if (answer !== undefined) verdicts.push(judgeGenerated(`seed ${seed + done} case ${index}`, made, answer));
      }
    }
    return verdicts;
  } finally {
    server.close();
  }
}

/** The smallest generated tree that the two engines differ on, or undefined when none of `count` is. */
export async function shrinkGenerated(count: number, seed: number): Promise<Verdict | undefined> {
  const server: ReferenceServer = await serveReference();
  try {
    const details = await fc.check(
      fc.asyncProperty(arbitraryKustomization(), async (made) => {
        return judgeGenerated("shrunk", made, await server.build(made)).outcome !== "failed";
      }),
      { seed, numRuns: count },
    );
    const smallest = details.counterexample?.[0];
    return smallest === undefined ? undefined : judgeGenerated("shrunk", smallest, await server.build(smallest));
  } finally {
    server.close();
  }
}

/** Both build it to the same documents, or both refuse it. A difference carries the files that show it. */
function judgeGenerated(name: string, made: KustomizationCase, answer: ReferenceAnswer): Verdict {
  const ours = buildOurs(memoryTree(made.files), made.folder);
  const verdict = verdictOf(name, ours, answer);
  if (verdict.outcome !== "failed") return verdict;
  return { ...verdict, diff: `${verdict.diff ?? ""}\n${filesText(made)}` };
}

/**
 * What is known to be built by kustomize and refused here, and why: when a patch turns a generated object into another kind,
 * its name gets a hash of kustomize's syntax tree, line numbers included; and an object for local use that was renamed to
 * the id of another is printed beside it, as long as nothing is sorted.
 */
const EXPLAINED = /only a ConfigMap or a Secret can have a name suffix hash|and one of them is for local use/;

function verdictOf(name: string, ours: ReturnType<typeof buildOurs>, answer: ReferenceAnswer): Verdict {
  if (answer.ok) {
    const verdict = compareText(name, ours, answer.yaml, false);
    return EXPLAINED.test(verdict.reason ?? "") ? { ...verdict, outcome: "refused" } : verdict;
  }
  if (ours.ok) return { name, outcome: "failed", reason: `must fail: ${answer.error}`, diff: ours.yaml };
  const crashed = ours.failures.find(({ code }) => code === "build/crashed");
  return crashed === undefined
    ? { name, outcome: "passed" }
    : { name, outcome: "failed", reason: failureLine(crashed) };
}

function filesText({ files, folder }: KustomizationCase): string {
  const shown = Object.entries(files).filter(([path]) => path.endsWith(".yaml"));
  return [`build ${folder}`, ...shown.map(([path, content]) => `==> ${path}\n${content}`)].join("\n");
}
