import { kustomizationNames, type PlacedDocument, readDocuments, readPlacedDocuments } from "../kustomize/index.ts";
import { type Failure, isObject, type Json, ok, type Result, type Tree, text } from "../model/index.ts";
import { type Extent, newExtent, valuesIn } from "./extent.ts";
import { type FileDefines, FLUX_GROUP } from "./flux.ts";
import { folderOf, linkOn, resolvePath } from "./paths.ts";

/** The names under which kustomize looks for a kustomization, in its order. */
export const KUSTOMIZATION_NAMES: readonly string[] = kustomizationNames;

/** A definition is a small file; what is larger is not looked into. */
export const DEFINITION_BYTES_MAX = 1024 * 1024;

/** Reads definition files of one revision, each content once, and notes those whose content is not at hand yet. */
export interface Reader {
  /** Undefined when the content is not there yet, or the file is too large or no file. */
  text(path: string): string | undefined;
  /** Where a path leads through symlinks; undefined when that is nowhere, or when they are not at hand yet. */
  real(path: string): string | undefined;
  /** Whether a file spells out Flux's group, as each document of that group has to; undefined as for its text. */
  spellsFlux(path: string): boolean | undefined;
  /** Documents, and the items of those that are Lists. Paths of one content share them. */
  documents(path: string): Result<readonly Document[]>;
  /** The same file once more, with the places of all values: for what is wrong in it. Of these places only the lines count. */
  placed(path: string): readonly PlacedDocument[];
  /** Keeps what was read for the next revision. */
  keep(): void;
  /** Files that were asked for and whose content must be loaded first. */
  readonly missing: ReadonlySet<string>;
}

/**
 * What was read before, by object id, so that the next revision reads only what changed. Nothing in it can go stale: an id
 * is its content. Each revision drops what it did not ask for.
 */
export interface Definitions {
  texts: Map<string, string>;
  documents: Map<string, Parsed>;
  placed: Map<string, readonly PlacedDocument[]>;
  /** What the documents of a file define, for as long as these are kept. */
  readonly defined: WeakMap<readonly Document[], FileDefines>;
}

interface Parsed {
  readonly documents: Result<readonly Document[]>;
  /** How many values they hold. */
  readonly values: number;
}

export function newDefinitions(): Definitions {
  return { defined: new WeakMap(), texts: new Map(), documents: new Map(), placed: new Map() };
}

/** What is parsed counts towards the revision's extent; beyond that nothing more is parsed. */
export function newReader(
  tree: Tree,
  loaded: (id: string) => boolean,
  before: Definitions,
  extent: Extent = newExtent(),
): Reader {
  const { texts, documents: parsed, placed } = newDefinitions();
  const missing = new Set<string>();
  const asked = new Set<string>();
  const spelling = new Map<string, boolean>();
  const decoder = new TextDecoder();
  const read = (path: string, wanted: "blob" | "symlink" = "blob"): string | undefined => {
    const entry = tree.entry(path);
    if (entry?.kind !== wanted || entry.size > DEFINITION_BYTES_MAX) return undefined;
    const known = texts.get(entry.id) ?? before.texts.get(entry.id);
    if (known === undefined && !loaded(entry.id)) {
      if (!asked.has(entry.id)) missing.add(path);
      asked.add(entry.id);
      return undefined;
    }
    const source = known ?? decoder.decode(tree.read(entry));
    texts.set(entry.id, source);
    return source;
  };
  const idOf = (path: string): string => tree.entry(path)?.id ?? "";
  let full = false;
  return {
    missing,
    text: (path) => read(path),
    real: (path) => followed(tree, path, (link) => read(link, "symlink")),
    spellsFlux(path) {
      const known = spelling.get(idOf(path)) ?? read(path)?.includes(FLUX_GROUP);
      if (known !== undefined) spelling.set(idOf(path), known);
      return known;
    },
    documents(path) {
      const id = idOf(path);
      const known = parsed.get(id);
      if (known !== undefined) return movedTo(path, known.documents);
      const source = read(path);
      if (full) return ok([]);
      const whole = before.documents.get(id) ?? readAll(source ?? "", path);
      if (source === undefined) return whole.documents;
      full = !extent.add("values", path, whole.values);
      parsed.set(id, whole);
      return movedTo(path, whole.documents);
    },
    placed(path) {
      const id = idOf(path);
      const documents = placed.get(id) ?? before.placed.get(id) ?? readPlaced(read(path) ?? "", path);
      placed.set(id, documents);
      return documents;
    },
    keep() {
      before.texts = texts;
      before.documents = parsed;
      before.placed = placed;
    },
  };
}

/** As many symlinks as Linux follows. */
const SYMLINKS_MAX = 40;

function followed(tree: Tree, start: string, targetOf: (link: string) => string | undefined): string | undefined {
  let path: string | undefined = start;
  for (let hops = 0; path !== undefined && hops <= SYMLINKS_MAX; hops += 1) {
    const kind = tree.entry(path)?.kind;
    if (kind === "blob" || kind === "tree") return path;
    const link = linkOn(tree, path);
    const target = link === undefined ? undefined : targetOf(link);
    if (link === undefined || target === undefined) return undefined;
    const next = resolvePath(folderOf(link), target);
    path = next === undefined ? undefined : resolvePath(next, path.slice(link.length + 1));
  }
  return undefined;
}

function readAll(source: string, path: string): Parsed {
  const written = readDocuments(source, path);
  if (!written.ok) return { documents: written, values: 0 };
  const documents = written.value.flatMap(({ value, at }) => itemsOf({ value, line: at.line ?? 1 }));
  return { documents: ok(documents), values: written.value.reduce((sum, { value }) => sum + valuesIn(value), 0) };
}

/** Why a content cannot be read, as seen from one of its paths. */
function movedTo(path: string, documents: Result<readonly Document[]>): Result<readonly Document[]> {
  if (documents.ok || documents.failures.every(({ at }) => at?.path === path)) return documents;
  return { ok: false, failures: documents.failures.map((failure) => failureAt(failure, path)) };
}

export function failureAt(failure: Failure, path: string): Failure {
  return { ...failure, at: { ...failure.at, path } };
}

function readPlaced(source: string, path: string): readonly PlacedDocument[] {
  const documents = readPlacedDocuments(source, path);
  return documents.ok ? documents.value : [];
}

/** Where it begins is a line of whichever file it is read from. */
export interface Document {
  readonly value: Json;
  readonly line: number;
}

function itemsOf(document: Document): readonly Document[] {
  const { value, line } = document;
  if (!isObject(value) || text(value, "kind")?.endsWith("List") !== true) return [document];
  const { items } = value;
  return Array.isArray(items) ? items.map((item: Json) => ({ value: item, line })) : [document];
}
