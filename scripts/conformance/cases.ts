import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import type { Tree } from "../../src/model/index.ts";
import { diskTree, memoryTree } from "../../test/support/disk-tree.ts";
import { type ReferenceAnswer, referenceBuild } from "../reference-kustomize.ts";
import { compareError, compareText, failureLine, type Verdict } from "./compare.ts";
import { buildOurs, type OurAnswer, type Switches } from "./engine.ts";

/** What a walk of one DIR came to, beyond its verdicts. */
export interface Walk {
  readonly verdicts: readonly Verdict[];
  /** Folders that the reference does not build, so there is nothing to compare. */
  readonly unbuilt: number;
  /** Those of them that our engine builds all the same, with the reference's error. */
  readonly lenient: readonly string[];
}

const KUSTOMIZATION_FILES: readonly string[] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** Where a `.tar.gz` was unpacked, or the folder itself. The caller removes `temporary`. */
export function openFolder(path: string): { readonly folder: string; readonly temporary?: string } {
  if (statSync(path).isDirectory()) return { folder: path };
  const temporary = mkdtempSync(join(tmpdir(), "conformance-"));
  execFileSync("tar", ["-xzf", resolve(path), "-C", temporary]);
  return { folder: temporary, temporary };
}

/** Folders with a `case.json`, sorted. */
export function caseFolders(root: string): readonly string[] {
  return filesNamed(root, ["case.json"]);
}

/** Folders with a kustomization file, sorted. */
export function kustomizationFolders(root: string): readonly string[] {
  return filesNamed(root, KUSTOMIZATION_FILES);
}

/** One `case.json` folder: `in/` is the tree, `expected.yaml` the exact output, unless the build must fail. */
export function runCase(root: string, folder: string): Verdict {
  const at = join(root, folder);
  const asked = JSON.parse(readFileSync(join(at, "case.json"), "utf8")) as Switches & { path: string; error?: string };
  const path = asked.path.replace(/^[./]+$|^\.\/|^\/|\/$/g, "");
  const input = join(at, "in"); // a case of an empty tree has none
  const ours = buildCase(existsSync(input) ? diskTree(input) : memoryTree({}), path, asked);
  if (asked.error !== undefined) return compareError(folder, ours, asked.error);
  return compareText(folder, ours, readFileSync(join(at, "expected.yaml"), "utf8"), true);
}

/**
 * The root of a case stands for the root of a file system, whose parent is itself: `../base` in it is `base`. A
 * repository has no such thing, so a case that needs it is built in a tree that has its root once more, one level down.
 */
function buildCase(tree: Tree, path: string, asked: Switches): OurAnswer {
  const ours = buildOurs(tree, path, asked);
  if (ours.ok || path !== "" || !ours.failures.some(({ code }) => code === "build/path-outside-repository"))
    return ours;
  const strip = (at: string): string => (at === "root" ? "" : at.startsWith("root/") ? at.slice(5) : at);
  const doubled: Tree = {
    entry: (at) => tree.entry(strip(at)),
    list: (at) => tree.list(strip(at)),
    read: (entry) => tree.read(entry),
  };
  return buildOurs(doubled, "root", asked);
}

/**
 * Builds each folder of a tree with both engines, `jobs` processes of the reference at a time. The tree is the work tree
 * that the folder is part of, so that bases beside it are seen by both.
 */
export async function runTree(root: string, binary: string, jobs: number): Promise<Walk> {
  const top = workTree(resolve(root));
  const tree = diskTree(top);
  const folders = kustomizationFolders(root);
  const results: { verdict?: Verdict; lenient?: string }[] = folders.map(() => ({}));
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < folders.length; index = next++) {
      const folder = folders[index] ?? "";
      const answer = await referenceBuild(binary, join(root, folder));
      results[index] = judge(tree, folder, relative(top, resolve(root, folder)), answer);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const verdicts = results.flatMap(({ verdict }) => (verdict === undefined ? [] : [verdict]));
  const lenient = results.flatMap((result) => (result.lenient === undefined ? [] : [result.lenient]));
  return { verdicts, unbuilt: folders.length - verdicts.length, lenient };
}

function judge(
  tree: Tree,
  name: string,
  path: string,
  answer: ReferenceAnswer,
): { verdict?: Verdict; lenient?: string } {
  const ours = buildOurs(tree, path);
  if (answer.ok) return { verdict: compareText(name, ours, answer.yaml, false) };
  const crashed = ours.ok ? undefined : ours.failures.find(({ code }) => code === "build/crashed");
  if (crashed !== undefined) return { verdict: { name, outcome: "failed", reason: failureLine(crashed) } };
  return ours.ok ? { lenient: `${name}: ${answer.error.split("\n").at(-1) ?? ""}` } : {};
}

function filesNamed(root: string, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const path of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const [name, folder] = [path.slice(path.lastIndexOf("/") + 1), dirname(path)];
    if (names.includes(name) && !/(?:^|\/)\.git\//.test(path)) found.add(folder === "." ? "" : folder);
  }
  return [...found].sort();
}

function workTree(folder: string): string {
  for (let at = folder; at !== dirname(at); at = dirname(at)) if (existsSync(join(at, ".git"))) return at;
  return folder;
}
