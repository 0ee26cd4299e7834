import { createHash } from "node:crypto";
import type { LiveMetadata, Manifest } from "../model/index.ts";
import { stringMap } from "../model/index.ts";
import { DELETION_ANNOTATION, PRUNE_ANNOTATION } from "./switches.ts";

/** The field manager of every server-side apply. */
export const FIELD_MANAGER = "gitops";
/** The field manager of what the program keeps its own records in. Not that of what services own: neither is taken for the other. */
export const STATUS_MANAGER = "gitops-status";
/** The owner: which service an object belongs to. */
export const SERVICE_LABEL = "gitops.bulkhead.dev/service";
/** Which set of services the owner is of; two installations in one cluster differ here. */
export const SCOPE_LABEL = "gitops.bulkhead.dev/scope";
/** The owner's full id, which a label cannot always hold. */
export const SERVICE_ANNOTATION = "gitops.bulkhead.dev/service-id";
/** Hash of the desired object as it was applied. */
export const APPLIED_ANNOTATION = "gitops.bulkhead.dev/applied";
const FLUX_NAME_LABEL = "kustomize.toolkit.fluxcd.io/name";
const FLUX_NAMESPACE_LABEL = "kustomize.toolkit.fluxcd.io/namespace";

/**
 * An id as a label value (at most 63 characters, beginning and ending with a letter or digit). `/` becomes `_`, which no
 * Kubernetes name holds, so short ids stay readable; any other id is shortened and gets a hash, told by its `__`. Two
 * different ids never share a value.
 */
export function labelValue(id: string): string {
  const plain = id.replaceAll("/", "_");
  const readable = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(plain) && plain.length <= 63;
  if (readable && !id.includes("_") && !id.includes("//")) return plain;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 16);
  const slug = plain
    .replaceAll(/[^A-Za-z0-9.-]+/g, "-")
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "")
    .slice(0, 40);
  return `${slug === "" ? "service" : slug}__${hash}`;
}

/** The id that a label value stands for, as people know it; a value with a hash is told as it is. */
export function idOfLabel(value: string): string {
  return value.includes("__") ? value : value.replaceAll("_", "/");
}

/** Who owns an object, by its own labels; undefined when nobody of ours does. */
export interface Owner {
  /** The label's value, as `service`. */
  readonly scope: string;
  /** The label's value. */
  readonly service: string;
  /** The full id as far as the object says it. */
  readonly id: string;
}

/** The labels of who owns an object: all that tells owners apart. */
export function ownerLabels({ labels }: LiveMetadata): Omit<Owner, "id"> | undefined {
  const service = labels[SERVICE_LABEL];
  return service === undefined ? undefined : { scope: labels[SCOPE_LABEL] ?? "", service };
}

export function ownerOf(live: LiveMetadata): Owner | undefined {
  const labels = ownerLabels(live);
  if (labels === undefined) return undefined;
  const { scope, service } = labels;
  const id = live.annotations[SERVICE_ANNOTATION];
  // The label decides; an annotation that says something else is somebody's edit, or was copied.
  const agrees = id !== undefined && labelValue(id) === service;
  return { scope, service, id: agrees ? id : idOfLabel(service) };
}

export interface Stamp {
  readonly scope: string;
  readonly service: string;
  /** The Flux document it comes from, so that Flux's own tools still find the object. */
  readonly flux: boolean;
  readonly prune: boolean;
  /** What becomes of the object when the service leaves git; `prune` when absent. */
  readonly deletionPolicy?: "prune" | "orphan";
}

/** The manifest with our marks, without the hash. */
export function stamped(manifest: Manifest, stamp: Stamp): Manifest {
  const labels: Record<string, string> = {
    ...stringMap(manifest.metadata["labels"] as Manifest),
    [SERVICE_LABEL]: labelValue(stamp.service),
    [SCOPE_LABEL]: labelValue(stamp.scope),
  };
  const slash = stamp.service.indexOf("/");
  if (stamp.flux && slash > 0) {
    labels[FLUX_NAME_LABEL] = stamp.service.slice(slash + 1);
    labels[FLUX_NAMESPACE_LABEL] = stamp.service.slice(0, slash);
  }
  const annotations: Record<string, string> = {
    ...stringMap(manifest.metadata["annotations"] as Manifest),
    [SERVICE_ANNOTATION]: stamp.service,
    ...(stamp.prune ? {} : { [PRUNE_ANNOTATION]: "disabled" }),
    ...(stamp.deletionPolicy === "orphan" ? { [DELETION_ANNOTATION]: "orphan" } : {}),
  };
  return { ...manifest, metadata: { ...manifest.metadata, labels, annotations } };
}
