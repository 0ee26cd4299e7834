import type { Overlay, OverlayImage, OverlayPatch, Place } from "../model/index.ts";
import type { BuildContext } from "./context.ts";
import { setMetadataMap, textMap } from "./fields.ts";
import type { Folder } from "./folder.ts";
import type { Placed } from "./kustomization/decode.ts";
import type { ImageSpec, PatchSpec } from "./kustomization/fields.ts";
import type { Report } from "./report.ts";
import { type Resource, valueAt } from "./resource.ts";

/**
 * The folder that is built, with what a Flux document adds to it. Source: the generator of github.com/fluxcd/pkg/kustomize
 * v1.41, which writes the same into the kustomization file before it builds.
 */
export function withOverlay(context: BuildContext, folder: Folder, overlay: Overlay): Folder {
  const { kustomization: k } = folder;
  // Each entry gets a place of its own, equal to the others, by which a failure is told to be the entry's.
  const labels = new Map<Place, string>();
  const placeOf = (field: string): Place => {
    const at = { ...overlay.at };
    labels.set(at, field);
    return at;
  };
  const report = labelled(folder.report, labels);
  const { namePrefix, nameSuffix, buildMetadata = [] } = overlay;
  const added = (field: "patches" | "patchesJson6902"): readonly PatchSpec[] =>
    (overlay[field] ?? []).map((entry, index) => patchOf(entry, placeOf(`spec.${field}[${index}]`)));
  const merges = (overlay.patchesStrategicMerge ?? []).map((value, index) => ({
    value,
    at: placeOf(`spec.patchesStrategicMerge[${index}]`),
  }));
  const components = (overlay.components ?? [])
    .map((value, index): Placed<string> => ({ value, at: placeOf(`spec.components[${index}]`) }))
    .filter(
      ({ value, at }) => overlay.ignoreMissingComponents !== true || isThere(context, { ...folder, report }, value, at),
    );
  return {
    ...folder,
    report,
    kustomization: {
      ...k,
      ...(namePrefix === undefined ? {} : { namePrefix }),
      ...(nameSuffix === undefined ? {} : { nameSuffix }),
      patches: [...(k.patches ?? []), ...added("patches")],
      patchesStrategicMerge: [...(k.patchesStrategicMerge ?? []), ...merges],
      patchesJson6902: [...(k.patchesJson6902 ?? []), ...added("patchesJson6902")],
      components: [...(k.components ?? []), ...components],
      images: (overlay.images ?? []).reduce(
        (images, image, index) => mergeImage(images, image, placeOf(`spec.images[${index}]`)),
        k.images ?? [],
      ),
      ...(buildMetadata.length === 0 ? {} : { buildMetadata }),
    },
  };
}

/** Whether a document adds something by itself, so that the kustomization may be without content. */
export function addsContent(overlay: Overlay | undefined): boolean {
  if (overlay === undefined) return false;
  const { at: _at, commonMetadata: _metadata, ignoreMissingComponents: _ignore, ...content } = overlay;
  return Object.keys(content).length > 0;
}

/** Sets what `spec.commonMetadata` says, after everything else and over what an object says itself. */
export function setCommonMetadata(
  resources: readonly Resource[],
  { labels, annotations }: NonNullable<Overlay["commonMetadata"]>,
): void {
  for (const [field, entries] of [
    ["labels", Object.entries(labels)],
    ["annotations", Object.entries(annotations)],
  ] as const) {
    if (entries.length === 0) continue;
    for (const { node } of resources) {
      const present = textMap(valueAt(valueAt(node, "metadata"), field));
      for (const [key, value] of entries) present.set(key, value);
      setMetadataMap(node, field, present);
    }
  }
}

function patchOf({ patch, target }: OverlayPatch, at: Place): PatchSpec {
  return { patch, at, ...(target === undefined ? {} : { target: { ...target, at } }) };
}

/** Tag and digest choose the version together: whoever says one of them replaces both. */
function mergeImage(images: readonly ImageSpec[], image: OverlayImage, at: Place): readonly ImageSpec[] {
  const { name, newName = "", newTag = "", digest = "" } = image;
  const index = images.findIndex((present) => (present.name ?? "") === name);
  const present = images[index];
  if (present === undefined) return [...images, { name, newName, newTag, digest, at }];
  const merged = {
    ...present,
    ...(newName === "" ? {} : { newName }),
    ...(newTag === "" && digest === "" ? {} : { newTag, digest }),
  };
  return images.with(index, merged);
}

function isThere(context: BuildContext, folder: Folder, path: string, at: Place): boolean {
  return context.source.find(folder.path, path, at, folder.report, "is fine") !== undefined;
}

/** A report that says which entry of the document failed. Entries are told apart by their very place, not by its value. */
function labelled(report: Report, labels: ReadonlyMap<Place, string>): Report {
  const labelOf = (at: Place | undefined): string => {
    const label = at === undefined ? undefined : labels.get(at);
    return label === undefined ? "" : `${label} of the Flux Kustomization: `;
  };
  return {
    failures: report.failures,
    fail: (code, at, message, remedy, object) => report.fail(code, at, `${labelOf(at)}${message}`, remedy, object),
    add: (more) =>
      report.add(more.map((failure) => ({ ...failure, message: `${labelOf(failure.at)}${failure.message}` }))),
    cleanSince: (mark) => report.cleanSince(mark),
    within: (place) => labelled(report.within(place), labels),
  };
}
