import type { Snapshot } from "../git/index.ts";
import type { Tree, TreeEntry } from "../model/index.ts";
import type { Mentions } from "../plan/index.ts";
import { folderOf, linkOn, resolvePath } from "../services/index.ts";

/** More than this is not searched: such a service might want anything. */
const SEARCH_BYTES_MAX = 32 * 1024 * 1024;
/** A larger file is one that no build takes, so nothing can be wanted by it as it stands. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** Everything found on the way from some files and folders along what they take in; the decoded text of those that are files. */
interface Searched {
  readonly found: ReadonlyMap<string, TreeEntry>;
  readonly texts: readonly { readonly path: string; readonly source: string; readonly isKustomization: boolean }[];
}

/**
 * These files and folders, and what they take in as far as their text tells. Undefined when they cannot be read, or are too
 * much to be searched.
 */
async function search(
  snapshot: Snapshot,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Searched | undefined> {
  const { tree } = snapshot;
  const found = new Map<string, TreeEntry>();
  const texts: { path: string; source: string; isKustomization: boolean }[] = [];
  const decoder = new TextDecoder();
  for (let pending = paths; pending.length > 0; ) {
    const fresh = new Map<string, TreeEntry>();
    for (const path of pending) {
      const entry = tree.entry(path);
      const below = entry?.kind === "tree" ? snapshot.files(path) : entry === undefined ? [] : [{ path, entry }];
      if (below === undefined) return undefined;
      for (const file of below) if (!found.has(file.path)) fresh.set(file.path, file.entry);
    }
    for (const [path, entry] of fresh) found.set(path, entry);
    const readable = [...fresh].filter(
      ([, { kind, size }]) => (kind === "blob" || kind === "symlink") && size <= FILE_BYTES_MAX,
    );
    if ([...found.values()].reduce((sum, { size }) => sum + size, 0) > SEARCH_BYTES_MAX) return undefined;
    const loaded = await snapshot.blobs([...new Set(readable.map(([, { id }]) => id))], signal);
    if (!loaded.ok) return undefined;
    const included: string[] = [];
    for (const [path, { id, kind }] of readable) {
      const bytes = snapshot.content(id);
      if (bytes === undefined) return undefined;
      const source = decoder.decode(bytes);
      if (kind === "symlink") {
        const target = resolved(folderOf(path), source);
        if (target !== undefined) included.push(linkOn(tree, target) ?? target);
        continue;
      }
      const isKustomization = /(?:^|\/)kustomization(?:\.ya?ml)?$/i.test(path);
      texts.push({ path, source, isKustomization });
      included.push(...includedBy(source, path, isKustomization, tree));
    }
    pending = included.filter((path) => !found.has(path) && tree.entry(path) !== undefined);
    pending = pending.filter((path) => tree.entry(path)?.kind !== "tree" || !covered(path, found, snapshot));
  }
  return { found, texts };
}

/** The files of `search`, by path. */
export async function mentionedFiles(
  snapshot: Snapshot,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
  return (await search(snapshot, paths, signal))?.found;
}

/**
 * Names of objects that these files and folders mention, and those that they take in, for a service whose build does not
 * tell what it wants. Undefined when they cannot be read: then it might want anything.
 */
export async function mentionedNames(
  snapshot: Snapshot,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Mentions | undefined> {
  const searched = await search(snapshot, paths, signal);
  if (searched === undefined) return undefined;
  const exact = new Set<string>();
  const parts = new Set<string>();
  let composed = false;
  for (const { source, isKustomization } of searched.texts) {
    if (isRenaming(source)) return undefined;
    composed ||= /namePrefix|nameSuffix|(?:Prefix|Suffix)Transformer/.test(source);
    // Generators append a hash to the names that a kustomization states.
    for (const name of namesIn(source)) (isKustomization ? parts : exact).add(name);
    for (const group of groupsIn(source)) parts.add(group);
  }
  return composed ? { exact: new Set(), parts: [...new Set([...exact, ...parts])] } : { exact, parts: [...parts] };
}

function covered(folder: string, found: ReadonlyMap<string, TreeEntry>, snapshot: Snapshot): boolean {
  return snapshot.files(folder)?.every(({ path }) => found.has(path)) === true;
}

const FIELD = /(?:^|[\s{,"'-])(?:name|namespace|targetNamespace)["']?\s*:\s*/g;
/** What a patch puts at a path. */
const VALUE = /value["']?\s*:\s*/g;
/** The sign of a block of text, quotes, and the name itself. */
const NAME = /(?:[|>][-+\d]*\s+)?["']?([^\s"',}{#]+)/y;
/** The word after an anchor. Looked for once in what stands between two spaces or commas, however many `&` are in there. */
const ANCHORED = /(?<![^\s,\]}])[^\s,\]}&]*&[^\s,\]}]+(?=\s+["']?([^\s"',}{#]+))/g;
/** A value has one anchor and one tag. */
const PROPERTIES_MAX = 2;

/**
 * Every value that may be the name of an object in a text, or of the namespace it lives in; works on text that is no valid
 * YAML, too. Rather a name too many than one too few: what is mentioned is held, no more. Each part of the text is looked at a
 * few times, whatever it holds, for everybody waits for this (law L1).
 */
export function namesIn(source: string): readonly string[] {
  const anchored = [...source.matchAll(ANCHORED)].flatMap(([, name]) => name ?? []);
  const patched = source.includes("/metadata/name") ? namesAfter(source, VALUE) : [];
  return [...namesAfter(source, FIELD), ...anchored, ...patched];
}

/** The words after a field, its anchors and tags. */
function namesAfter(source: string, field: RegExp): readonly string[] {
  const names: string[] = [];
  const [before, space, name] = [new RegExp(field), /\s+/g, new RegExp(NAME)];
  let gap = { from: 0, to: 0 };
  for (let found = before.exec(source); found !== null; found = before.exec(source)) {
    let at = before.lastIndex;
    for (let passed = 0; passed < PROPERTIES_MAX && (source[at] === "&" || source[at] === "!"); passed += 1) {
      if (gap.from < at) {
        space.lastIndex = at;
        const next = space.exec(source);
        gap = next === null ? NO_GAP : { from: next.index, to: space.lastIndex };
      }
      if (gap === NO_GAP) break;
      at = gap.to;
    }
    name.lastIndex = at;
    const word = name.exec(source)?.[1];
    if (word === undefined) continue;
    names.push(word);
    before.lastIndex = name.lastIndex;
  }
  return names;
}

const NO_GAP = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** Groups of custom kinds: a definition's name ends with its group. */
function groupsIn(source: string): readonly string[] {
  return [...source.matchAll(/apiVersion["']?\s*:\s*["']?([\w-]+\.[\w.-]+)\//g)].flatMap(([, group]) => group ?? []);
}

/** Names that are put together from other fields, or written in escapes, are not found by searching. */
function isRenaming(source: string): boolean {
  const replaced = source.includes("fieldPaths") && /\bmetadata\.name\b/.test(source);
  return replaced || /(?:^|[\s{,"'-])name["']?\s*:\s*"[^"\n]*\\/.test(source);
}

/** Files and folders that a kustomization or a Flux Kustomization names, as far as its text tells. */
function includedBy(source: string, path: string, isKustomization: boolean, tree: Tree): readonly string[] {
  const included: string[] = [];
  if (source.includes("kustomize.toolkit.fluxcd.io")) {
    for (const [, folder = ""] of source.matchAll(/path["']?\s*:\s*["']?([^\s"',}{#]+)/g)) {
      const target = resolved("", folder.replace(/^\/+/, ""));
      if (target !== undefined) included.push(target);
    }
  }
  if (!isKustomization) return included;
  const home = folderOf(path);
  for (const word of new Set(source.split(/[\s"',[\]{}]+/))) {
    const named = resolved(home, word);
    // All that is behind a symlink counts: rather too much than too little.
    const target = named === undefined ? undefined : (linkOn(tree, named) ?? named);
    const kind = target === undefined ? undefined : tree.entry(target)?.kind;
    const isFolder = kind === "tree" && (tree.list(target ?? "") ?? []).some((name) => /^kustomization/i.test(name));
    if (target !== undefined && (kind === "blob" || kind === "symlink" || isFolder)) included.push(target);
  }
  return included;
}

/** A relative path from a folder; undefined when it leaves the repository, or is no path. */
function resolved(folder: string, relative: string): string | undefined {
  return relative === "" ? undefined : resolvePath(folder, relative);
}
