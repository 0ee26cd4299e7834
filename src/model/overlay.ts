import type { Place } from "./failure.ts";

/**
 * What a Flux Kustomization document adds to the kustomization of its folder, as plain data. A field that is not there
 * changes nothing. Source: `spec` of kustomize.toolkit.fluxcd.io/v1, v1beta2 and v1beta1.
 */
export interface Overlay {
  /** The document, for what goes wrong with its entries. */
  readonly at: Place;
  /** These two replace the kustomization's own. */
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  /** These lists go after the kustomization's own. */
  readonly patches?: readonly OverlayPatch[];
  readonly patchesStrategicMerge?: readonly string[];
  readonly patchesJson6902?: readonly OverlayPatch[];
  /** Paths relative to the folder. */
  readonly components?: readonly string[];
  readonly ignoreMissingComponents?: boolean;
  /** Merged into the kustomization's own by name. */
  readonly images?: readonly OverlayImage[];
  /** Replaces the kustomization's own. */
  readonly buildMetadata?: readonly string[];
  /** Set on every object after the build, over what it says itself; never on selectors or templates. */
  readonly commonMetadata?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** `patch` is the text of a strategic merge or a JSON patch. */
export interface OverlayPatch {
  readonly patch: string;
  readonly target?: OverlayTarget;
}

export interface OverlayTarget {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly annotationSelector?: string;
}

export interface OverlayImage {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}
