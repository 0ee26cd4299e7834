import { kustomizationNames, type PlacedDocument, readDocuments, readPlacedDocuments } from "../kustomize/index.ts";
import { isObject, type Json, ok, type Place, type Result, type Tree, text } from "../model/index.ts";
import type { FileDefines } from "./flux.ts";

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
  /** The same file once more, with the places of all values: for what is wrong in it. */
  placed(path: string): readonly PlacedDocument[];
  /** Keeps what was read for the next revision. */
  keep(): void;
  /** Files that were asked for and whose content must be loaded first. */
  readonly missing: ReadonlySet<string>;
}

/**
 * What was read before, by path and object id, so that the next revision reads only what changed. Nothing in it can go
 * stale: an id is its content. Each revision drops what it did not ask for.
 */
export interface Definitions {
  texts: Map<string, string>;
  documents: Map<string, Result<readonly Document[]>>;
  placed: Map<string, readonly PlacedDocument[]>;
  /** What the documents of a file define, for as long as these are kept: they stand for its path and content. */
  readonly defined: WeakMap<readonly Document[], FileDefines>;
}

export function newDefinitions(): Definitions {
  return { defined: new WeakMap(), texts: new Map(), documents: new Map(), placed: new Map() };
}

export function newReader(tree: Tree, loaded: (id: string) => boolean, before: Definitions): Reader {
  const { texts, documents: parsed, placed } = newDefinitions();
  const missing = new Set<string>();
  const decoder = new TextDecoder();
  const read = (path: string): string | undefined => {
    const entry = tree.entry(path);
    if (entry?.kind !== "blob" || entry.size > DEFINITION_BYTES_MAX) return undefined;
    const known = texts.get(entry.id) ?? before.texts.get(entry.id);
    if (known === undefined && !loaded(entry.id)) {
      missing.add(path);
      return undefined;
    }
    const source = known ?? decoder.decode(tree.read(entry));
    texts.set(entry.id, source);
    return source;
  };
  return {
    missing,
    text: read,
    documents(path) {
      // Documents tell their place, so one content at two paths is two.
      const key = `${tree.entry(path)?.id} ${path}`;
      const source = read(path);
      const known = parsed.get(key) ?? before.documents.get(key);
      if (known !== undefined) {
        parsed.set(key, known);
        return known;
      }
      const written = readDocuments(source ?? "", path);
      const documents = written.ok ? ok(written.value.flatMap(itemsOf)) : written;
      if (source !== undefined) parsed.set(key, documents);
      return documents;
    },
    placed(path) {
      const key = `${tree.entry(path)?.id} ${path}`;
      const documents = placed.get(key) ?? before.placed.get(key) ?? readPlaced(read(path) ?? "", path);
      placed.set(key, documents);
      return documents;
    },
    keep() {
      before.texts = texts;
      before.documents = parsed;
      before.placed = placed;
    },
  };
}

function readPlaced(source: string, path: string): readonly PlacedDocument[] {
  const documents = readPlacedDocuments(source, path);
  return documents.ok ? documents.value : [];
}

export interface Document {
  readonly value: Json;
  readonly at: Place;
}

function itemsOf(document: Document): readonly Document[] {
  const { value, at } = document;
  if (!isObject(value) || text(value, "kind")?.endsWith("List") !== true) return [document];
  const { items } = value;
  return Array.isArray(items) ? items.map((item: Json) => ({ value: item, at })) : [document];
}
