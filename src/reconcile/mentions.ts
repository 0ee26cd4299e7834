import type { Snapshot } from "../git/index.ts";
import type { TreeEntry } from "../model/index.ts";
import type { Mentions } from "../plan/index.ts";

/** More than this is not searched: such a service might want anything. */
const SEARCH_BYTES_MAX = 32 * 1024 * 1024;
/** A larger file is one that no build takes, so nothing can be wanted by it as it stands. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Names of objects that these files and folders mention, for a service whose build does not tell what it wants. Undefined
 * when they cannot be read: then it might want anything.
 */
export async function mentionedNames(
  snapshot: Snapshot,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Mentions | undefined> {
  const found = new Map<string, TreeEntry>();
  for (const path of paths) {
    const entry = snapshot.tree.entry(path);
    const below = entry?.kind === "tree" ? snapshot.files(path) : entry === undefined ? [] : [{ path, entry }];
    if (below === undefined) return undefined;
    for (const file of below) found.set(file.path, file.entry);
  }
  const readable = [...found].filter(([, { kind, size }]) => kind === "blob" && size <= FILE_BYTES_MAX);
  if (readable.reduce((sum, [, { size }]) => sum + size, 0) > SEARCH_BYTES_MAX) return undefined;
  const loaded = await snapshot.blobs([...new Set(readable.map(([, { id }]) => id))], signal);
  if (!loaded.ok) return undefined;
  const exact = new Set<string>();
  const parts = new Set<string>();
  let composed = false;
  const decoder = new TextDecoder();
  for (const [path, { id }] of readable) {
    const bytes = snapshot.content(id);
    if (bytes === undefined) return undefined;
    const source = decoder.decode(bytes);
    composed ||= /namePrefix|nameSuffix|(?:Prefix|Suffix)Transformer/.test(source);
    // Generators append a hash to the names that a kustomization states.
    const isKustomization = /(?:^|\/)kustomization(?:\.ya?ml)?$/i.test(path);
    for (const name of namesIn(source, isKustomization)) (isKustomization ? parts : exact).add(name);
  }
  return composed ? { exact: new Set(), parts: [...new Set([...exact, ...parts])] } : { exact, parts: [...parts] };
}

/** How far below `metadata` its name may stand. */
const METADATA_CHARACTERS = 2000;

/** Names of objects that a text declares; works on text that is no valid YAML, too. `all`: every field called name. */
export function namesIn(source: string, all: boolean): readonly string[] {
  const field = /(?:^|[\s{,"'-])name["']?\s*:\s*["']?([^\s"',}{#]+)/g;
  const texts = all
    ? [source]
    : [...source.matchAll(/metadata["']?\s*:/g)].map(({ index }) => source.slice(index, index + METADATA_CHARACTERS));
  const names = texts.flatMap((text) => [...text.matchAll(field)].slice(0, all ? undefined : 1));
  const patched = source.includes("/metadata/name")
    ? [...source.matchAll(/value["']?\s*:\s*["']?([^\s"',}{#]+)/g)]
    : [];
  return [...names, ...patched].flatMap(([, name]) => name ?? []);
}
