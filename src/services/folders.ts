import { isObject, type Json, type JsonObject, type Tree, text } from "../model/index.ts";
import type { Extent } from "./extent.ts";
import { folderOf, isWithin, nameOf, resolvePath } from "./paths.ts";
import { KUSTOMIZATION_NAMES, type Reader } from "./reader.ts";

/** A folder with a kustomization file, and the folders that it takes in. */
interface Node {
  readonly folder: string;
  readonly file: string;
  /** `Component` cannot be built by itself. */
  readonly component: boolean;
  readonly includes: readonly string[];
}

export interface PlainFolder {
  readonly folder: string;
  readonly file: string;
}

/** Fields of a kustomization whose entries may be folders. */
const FOLDER_FIELDS = ["resources", "bases", "components", "generators", "transformers", "validators", "crds"] as const;

/**
 * The folders below `path` with a kustomization file that nothing else takes in: neither another such folder nor a folder
 * of `taken` (services found otherwise). Of folders that only take in each other, the first by name stands for all, so that
 * the cycle is reported and not passed over.
 */
export function plainFolders(
  tree: Tree,
  path: string,
  files: readonly string[],
  taken: readonly string[],
  reader: Reader,
  extent: Extent,
): { readonly found: readonly PlainFolder[]; readonly ignored: readonly PlainFolder[] } {
  const candidates = files.filter((file) => KUSTOMIZATION_NAMES.includes(nameOf(file)) && isWithin(file, path));
  if (candidates.length === 0) return { found: [], ignored: [] };
  const nodes = new Map<string, Node>();
  const entriesOf = newEntries(tree, reader);
  const pending = [...taken, ...candidates.map(folderOf)];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    if (nodes.has(folder)) continue;
    const node = readNode(tree, folder, reader, entriesOf, extent);
    if (node === "too many") return { found: [], ignored: [] };
    if (node === undefined) continue;
    nodes.set(folder, node);
    for (const next of node.includes) pending.push(next);
  }

  const covered = new Set<string>();
  for (const folder of taken) cover(nodes, folder, covered);
  const roots = [...new Set(candidates.map(folderOf))].sort().filter((folder) => !covered.has(folder));
  const included = new Set(
    roots.flatMap((folder) => (nodes.get(folder)?.includes ?? []).filter((to) => to !== folder)),
  );
  const found: PlainFolder[] = [];
  const ignored: PlainFolder[] = [];
  // First the folders that nobody takes in, then what is still not covered: cycles.
  for (const pick of [(folder: string) => !included.has(folder), () => true]) {
    for (const folder of roots) {
      const node = nodes.get(folder);
      if (covered.has(folder) || node === undefined || !pick(folder)) continue;
      (node.component ? ignored : found).push({ folder, file: node.file });
      cover(nodes, folder, covered);
    }
  }
  return { found, ignored };
}

function cover(nodes: ReadonlyMap<string, Node>, folder: string, covered: Set<string>): void {
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (covered.has(next)) continue;
    covered.add(next);
    for (const inner of nodes.get(next)?.includes ?? []) pending.push(inner);
  }
}

function readNode(
  tree: Tree,
  folder: string,
  reader: Reader,
  entriesOf: (file: string) => Entries,
  extent: Extent,
): Node | "too many" | undefined {
  const name = KUSTOMIZATION_NAMES.find((candidate) => tree.list(folder)?.includes(candidate));
  if (name === undefined) return undefined;
  const file = folder === "" ? name : `${folder}/${name}`;
  const real = reader.real(file);
  if (real === undefined || reader.text(real) === undefined) return { folder, file, component: false, includes: [] };
  const { component, entries } = entriesOf(real);
  if (!extent.add("entries", file, entries.length)) return "too many";
  const includes = entries
    .map((entry) => resolvePath(folder, entry))
    .map((target) => (target === undefined ? undefined : reader.real(target)))
    .filter((target): target is string => target !== undefined && tree.entry(target)?.kind === "tree");
  return { folder, file, component, includes: [...new Set(includes)] };
}

/** What a kustomization file says, wherever it is. */
interface Entries {
  readonly component: boolean;
  readonly entries: readonly string[];
}

/** Reads each content once, however many paths it has. */
function newEntries(tree: Tree, reader: Reader): (file: string) => Entries {
  const known = new Map<string, Entries>();
  return (file) => {
    const id = tree.entry(file)?.id ?? "";
    const before = known.get(id);
    if (before !== undefined) return before;
    const documents = reader.documents(file);
    const document = documents.ok ? documents.value.map(({ value }) => value).find(isObject) : undefined;
    const entries = document === undefined ? words(reader.text(file) ?? "") : listed(document);
    const made = { component: text(document, "kind") === "Component", entries };
    known.set(id, made);
    return made;
  };
}

function listed(document: JsonObject): readonly string[] {
  return FOLDER_FIELDS.flatMap((field) => {
    const list = document[field];
    return Array.isArray(list) ? list.filter((entry: Json): entry is string => typeof entry === "string") : [];
  });
}

/**
 * A kustomization that cannot be read still says in its text which folders it names. Without them they would look like
 * services of their own, and their raw bases would be applied.
 */
function words(source: string): readonly string[] {
  return source.split(/[\s"',[\]{}]+/).filter((word) => /[/.]/.test(word) || /^[\w-]+$/.test(word));
}
