import { createHash } from "node:crypto";
import {
  child,
  isObject,
  type Json,
  type JsonObject,
  jsonText,
  type Manifest,
  type ObjectRef,
  type Place,
  refKey,
  refOf,
  stringMap,
} from "../model/index.ts";
import { APPLIED_ANNOTATION, type Stamp, stamped } from "./marks.ts";

/** One object that a service wants, ready to be applied. */
export interface Declared {
  readonly ref: ObjectRef;
  /** The `refKey` of `ref`, which every pass asks for many times. */
  readonly key: string;
  /** With our marks and the hash. */
  readonly manifest: Manifest;
  readonly hash: string;
  readonly at: Place;
  /**
   * Of an object that something else scales, or may scale when it is not `certain`: `manifest` has no replicas then, and these
   * are git's, for an object that is new.
   */
  readonly autoscaled?: { readonly certain: boolean; readonly replicas?: Json };
}

/** What discovery says about a kind; undefined when the server does not serve it (yet). */
export interface Scope {
  readonly namespaced: boolean;
}

/**
 * A built manifest as it will be applied: normalised, marked, hashed. `namespace` is where an object goes that names none.
 */
export function declare(manifest: Manifest, at: Place, scope: Scope, stamp: Stamp, namespace: string): Declared {
  const { namespace: _written, ...metadata } = manifest.metadata;
  const own = manifest.metadata.namespace ?? "";
  const settled = scope.namespaced ? (own === "" ? namespace : own) : "";
  const placed = settled === "" ? metadata : { ...metadata, namespace: settled };
  const marked = stamped(normalised({ ...manifest, metadata: placed } as Manifest), stamp);
  const declared = sealed(marked);
  const ref = refOf(declared.manifest, settled);
  return { ref, key: refKey(ref), ...declared, at };
}

/** A marked manifest with its hash, which also stands in it; a hash that it had before is left behind. */
export function sealed(marked: Manifest): Pick<Declared, "manifest" | "hash"> {
  const { [APPLIED_ANNOTATION]: _before, ...annotations } = child(marked.metadata, "annotations") ?? {};
  const bare = { ...marked, metadata: { ...marked.metadata, annotations } };
  const hash = createHash("sha256")
    .update(jsonText(bare, { sortKeys: true }))
    .digest("hex")
    .slice(0, 32);
  const sealedAnnotations = { ...annotations, [APPLIED_ANNOTATION]: hash };
  return { manifest: { ...marked, metadata: { ...marked.metadata, annotations: sealedAnnotations } }, hash };
}

/**
 * Without what no applier may set, as kustomize-controller normalises it: status, a null creationTimestamp, and a Secret's
 * stringData, which the server only ever stores as data.
 */
function normalised(manifest: Manifest): Manifest {
  const { status: _status, ...rest } = manifest;
  const metadata = withoutNulls({ ...rest.metadata, ...textsOf(rest.metadata) }) as Manifest["metadata"];
  const isSecret = manifest.kind === "Secret" && manifest.apiVersion === "v1";
  const strings = isSecret ? child(rest as JsonObject, "stringData") : undefined;
  if (strings === undefined) return { ...rest, metadata } as Manifest;
  const { stringData: _stringData, ...secret } = rest as JsonObject;
  const encoded = Object.entries(texts(strings)).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return {
    ...secret,
    metadata,
    data: { ...child(secret, "data"), ...Object.fromEntries(encoded) },
  } as unknown as Manifest;
}

function textsOf(metadata: JsonObject): JsonObject {
  const maps = ["labels", "annotations"].flatMap((name): [string, JsonObject][] => {
    const map = child(metadata, name);
    return map === undefined ? [] : [[name, texts(map)]];
  });
  return Object.fromEntries(maps);
}

/** A null in a map of texts is the empty text, as the server reads it; whatever else is no text was refused before. */
function texts(map: JsonObject): Readonly<Record<string, string>> {
  return { ...Object.fromEntries(Object.keys(map).map((key) => [key, ""])), ...stringMap(map) };
}

function withoutNulls(value: JsonObject): JsonObject {
  const entries = Object.entries(value).flatMap(([key, field]): [string, Json][] => {
    if (field === null) return [];
    return [[key, isObject(field) ? withoutNulls(field) : field]];
  });
  return Object.fromEntries(entries);
}
