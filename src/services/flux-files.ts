import type { PlacedDocument } from "../kustomize/index.ts";
import { type Failure, isObject, type Place, type Tree } from "../model/index.ts";
import type { Extent } from "./extent.ts";
import {
  type Broken,
  type Defined,
  type FieldFailure,
  type FileDefines,
  isFluxKustomization,
  readFlux,
} from "./flux.ts";
import { DEFINITION_BYTES_MAX, type Definitions, type Document, failureAt, type Reader } from "./reader.ts";

/** Files that `flux bootstrap` writes to install and connect Flux itself. */
export const FLUX_OWN_FILES = /(?:^|\/)flux-system\/(?:gotk-components|gotk-sync|kustomization)\.yaml$/;

/**
 * What the Flux Kustomizations in these files define. One content is looked through once, however many paths and revisions it is in;
 * nothing is made of its paths when they are too many.
 */
export function readFluxFiles(
  tree: Tree,
  files: readonly string[],
  reader: Reader,
  known: Definitions,
  extent: Extent,
): { readonly services: readonly Defined[]; readonly broken: readonly Broken[] } {
  const contents = new Map<string, FileDefines>();
  const found: { readonly file: string; readonly defines: FileDefines }[] = [];
  let fits = true;
  for (const file of files) {
    const entry = tree.entry(file);
    if (entry === undefined || entry.size > DEFINITION_BYTES_MAX || FLUX_OWN_FILES.test(file)) continue;
    let defines = contents.get(entry.id);
    if (defines === undefined && fits) {
      defines = reader.spellsFlux(file) === true ? definedIn(file, reader, known) : NOTHING;
      contents.set(entry.id, defines);
    }
    if (defines === undefined || defines.count === 0) continue;
    // Those that are known already still tell where most of them are.
    fits = extent.add("definitions", file, defines.count);
    if (fits) found.push({ file, defines });
  }
  const moved = fits ? found.map(({ file, defines }) => movedTo(file, defines)) : [];
  return { services: moved.flatMap(({ services }) => services), broken: moved.flatMap(({ broken }) => broken) };
}

const NOTHING: FileDefines = { file: "", count: 0, services: [], broken: [] };

function definedIn(file: string, reader: Reader, known: Definitions): FileDefines {
  const documents = reader.documents(file);
  if (!documents.ok) {
    const { failures } = documents;
    const unreadable: Broken = {
      id: file,
      at: { path: file },
      failures,
      sources: [file],
      unreadable: true,
      nameless: true,
    };
    return { file, count: failures.length, services: [], broken: [unreadable] };
  }
  const before = known.defined.get(documents.value);
  if (before !== undefined) return before;
  const defines = definedBy(documents.value, file, () => reader.placed(file));
  known.defined.set(documents.value, defines);
  return defines;
}

function definedBy(documents: readonly Document[], file: string, place: () => readonly PlacedDocument[]): FileDefines {
  const services: Defined[] = [];
  const broken: Broken[] = [];
  let placed: Places | undefined;
  for (const { value, line } of documents) {
    if (!isObject(value) || !isFluxKustomization(value)) continue;
    const at = { path: file, line };
    const reading = readFlux(value, at);
    if (reading.ok) services.push(reading.service);
    else {
      placed ??= new Map(place().map((document) => [document.at.line, document]));
      const failures = placedAt(reading.failures, placed, at);
      const { id = file, sources } = reading;
      broken.push({ id, at, failures, sources, unreadable: false, nameless: reading.id === undefined });
    }
  }
  const count = broken.reduce((sum, { failures }) => sum + Math.max(1, failures.length), services.length);
  return { file, count, services, broken };
}

/** The same definitions in another file of the same content. What is large in them is shared. */
function movedTo(path: string, defines: FileDefines): FileDefines {
  const { file } = defines;
  if (path === file) return defines;
  const moved = (at: Place): Place => ({ ...at, path });
  const services = defines.services.map((service): Defined => {
    const { at, settings, said } = service;
    const { overlay } = settings;
    const from = said && Object.fromEntries(Object.entries(said.from).map(([setting, of]) => [setting, moved(of)]));
    return {
      ...service,
      at: moved(at),
      ...(overlay === undefined ? {} : { settings: { ...settings, overlay: { ...overlay, at: moved(overlay.at) } } }),
      ...(said === undefined || from === undefined ? {} : { said: { ...said, from } }),
    };
  });
  const broken = defines.broken.map(
    (one): Broken => ({
      ...one,
      id: one.nameless ? path : one.id,
      at: moved(one.at),
      failures: one.failures.map((failure) => failureAt(failure, path)),
      sources: one.sources.map((source) => (source === file ? path : source)),
    }),
  );
  return { ...defines, file: path, services, broken };
}

/** Documents of a file by their lines. */
type Places = ReadonlyMap<number | undefined, PlacedDocument>;

/** Failures of a document at the fields that they are about. */
function placedAt(failures: readonly FieldFailure[], placed: Places, at: Place): readonly Failure[] {
  const document = placed.get(at.line);
  return failures.map(({ field, ...failure }) =>
    document === undefined ? failure : { ...failure, at: { ...document.placeOf(field, "key"), path: at.path } },
  );
}
