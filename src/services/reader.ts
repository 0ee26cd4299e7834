import { kustomizationNames, readDocuments } from "../kustomize/index.ts";
import { isObject, type Json, ok, type Place, type Result, type Tree, text } from "../model/index.ts";

/** The names under which kustomize looks for a kustomization, in its order. */
export const KUSTOMIZATION_NAMES: readonly string[] = kustomizationNames;

/** A definition is a small file; what is larger is not looked into. */
export const DEFINITION_BYTES_MAX = 1024 * 1024;

/** Reads definition files of one revision, each once, and notes those whose content is not at hand yet. */
export interface Reader {
  /** Undefined when the content is not there yet, or the file is too large or no file. */
  text(path: string): string | undefined;
  /** Documents, and the items of those that are Lists. */
  documents(path: string): Result<readonly Document[]>;
  /** Files that were asked for and whose content must be loaded first. */
  readonly missing: ReadonlySet<string>;
}

export function newReader(tree: Tree, loaded: (id: string) => boolean): Reader {
  const texts = new Map<string, string>();
  const parsed = new Map<string, ReturnType<Reader["documents"]>>();
  const missing = new Set<string>();
  const decoder = new TextDecoder();
  const read = (path: string): string | undefined => {
    const known = texts.get(path);
    if (known !== undefined) return known;
    const entry = tree.entry(path);
    if (entry?.kind !== "blob" || entry.size > DEFINITION_BYTES_MAX) return undefined;
    if (!loaded(entry.id)) {
      missing.add(path);
      return undefined;
    }
    const source = decoder.decode(tree.read(entry));
    texts.set(path, source);
    return source;
  };
  return {
    missing,
    text: read,
    documents(path) {
      const known = parsed.get(path);
      if (known !== undefined) return known;
      const written = readDocuments(read(path) ?? "", path);
      const documents = written.ok ? ok(written.value.flatMap(itemsOf)) : written;
      parsed.set(path, documents);
      return documents;
    },
  };
}

interface Document {
  readonly value: Json;
  readonly at: Place;
}

function itemsOf(document: Document): readonly Document[] {
  const { value, at } = document;
  if (!isObject(value) || text(value, "kind")?.endsWith("List") !== true) return [document];
  const { items } = value;
  return Array.isArray(items) ? items.map((item: Json) => ({ value: item, at })) : [document];
}
