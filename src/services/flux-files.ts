import type { PlacedDocument } from "../kustomize/index.ts";
import { type Failure, isObject, type Place, type Tree } from "../model/index.ts";
import { type Broken, type Defined, type FileDefines, FLUX_GROUP, isFluxKustomization, readFlux } from "./flux.ts";
import { DEFINITION_BYTES_MAX, type Definitions, type Document, type Reader } from "./reader.ts";

/** Files that `flux bootstrap` writes to install and connect Flux itself. */
export const FLUX_OWN_FILES = /(?:^|\/)flux-system\/(?:gotk-components|gotk-sync|kustomization)\.yaml$/;

/** What the Flux Kustomizations in these files define; a file that is as it was is not looked through again. */
export function readFluxFiles(
  tree: Tree,
  files: readonly string[],
  reader: Reader,
  known: Definitions,
): { readonly services: Defined[]; readonly broken: Broken[] } {
  const services: Defined[] = [];
  const broken: Broken[] = [];
  for (const file of files) {
    if ((tree.entry(file)?.size ?? 0) > DEFINITION_BYTES_MAX) continue;
    if (FLUX_OWN_FILES.test(file)) continue;
    const source = reader.text(file);
    // A document of Flux's group has to spell the group out, so other files need no parsing.
    if (source === undefined || !source.includes(FLUX_GROUP)) continue;
    const documents = reader.documents(file);
    if (!documents.ok) {
      broken.push({ id: file, at: { path: file }, failures: documents.failures, sources: [file], unreadable: true });
      continue;
    }
    const defines = known.defined.get(documents.value) ?? definedBy(documents.value, () => reader.placed(file));
    known.defined.set(documents.value, defines);
    services.push(...defines.services);
    broken.push(...defines.broken);
  }
  return { services, broken };
}

function definedBy(documents: readonly Document[], place: () => readonly PlacedDocument[]): FileDefines {
  const services: Defined[] = [];
  const broken: Broken[] = [];
  let placed: Places | undefined;
  for (const { value, at } of documents) {
    if (!isObject(value) || !isFluxKustomization(value)) continue;
    const reading = readFlux(value, at);
    if (reading.ok) services.push(reading.service);
    else {
      placed ??= new Map(place().map((document) => [document.at.line, document]));
      const failures = placedAt(reading.failures, placed, at);
      broken.push({ id: reading.id, at, failures, sources: reading.sources, unreadable: false });
    }
  }
  return { services, broken };
}

/** Documents of a file by their lines. */
type Places = ReadonlyMap<number | undefined, PlacedDocument>;

/** Failures of a document at the fields that they name. */
function placedAt(failures: readonly Failure[], placed: Places, at: Place): readonly Failure[] {
  const document = placed.get(at.line);
  if (document === undefined) return failures;
  return failures.map((failure) => {
    const field = fieldOf(failure.message);
    return field.length === 0 ? failure : { ...failure, at: document.placeOf(field, "key") };
  });
}

/** The field that the message of a document's failure begins with, as `spec.images[0].newTag`. */
function fieldOf(message: string): readonly (string | number)[] {
  const [field = ""] = /^[A-Za-z][\w.[\]]*(?= )/.exec(message) ?? [];
  return [...field.matchAll(/[^.[\]]+/g)].map(([step]) => (/^\d+$/.test(step) ? Number(step) : step));
}
