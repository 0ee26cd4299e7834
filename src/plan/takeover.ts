import {
  child,
  type ForeignTool,
  isObject,
  type Json,
  type JsonObject,
  jsonText,
  type LiveMetadata,
  type ManagedFields,
  type Manifest,
} from "../model/index.ts";
import { APPLIED_ANNOTATION, FIELD_MANAGER, SERVICE_LABEL } from "./marks.ts";
import { appliedFields } from "./ownership.ts";
import { mergesFields, PRUNE_ANNOTATION } from "./switches.ts";

/** The managedFields entry that the server makes of an object that had none when it was applied first. */
const BEFORE_FIRST_APPLY = "before-first-apply";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** Bookkeeping of tools that applied the object before. */
const OLD_ANNOTATIONS = [LAST_APPLIED, "fluxcd.io/sync-checksum", "kustomize.toolkit.fluxcd.io/checksum"] as const;
/** Flux v1's mark of what its garbage collection looks at. */
export const FLUX_V1_MARK = "fluxcd.io/sync-gc-mark";

const MANAGERS_OF: Readonly<Record<ForeignTool, readonly string[]>> = {
  flux: ["helm-controller"],
  helm: ["helm", "Helm"],
  argo: ["argocd-controller"],
  kapp: ["kapp"],
};

/** From whom an object is taken over. */
export interface Takeover {
  /** Whether our own apply wrote our label already: then it only remains to take what came beside it. */
  readonly proven: boolean;
  /** Tools that had it and gave it up. */
  readonly tools: readonly ForeignTool[];
}

/**
 * Managers that declared the object as a whole before us: what they set, and git says no more, shall go. Those of single
 * edits (kubectl edit, label, scale) keep what they set. Source: the field managers that Flux takes over from (fluxcd/pkg/ssa).
 */
function isFormer({ manager, operation, subresource }: ManagedFields, { proven, tools }: Takeover): boolean {
  if ((subresource ?? "") !== "") return false;
  // By this name old versions of kubectl apply, and some edit: what is edited on an object of ours is drift, no declaration.
  if (manager === "kubectl") return operation === "Apply" || !proven;
  if (manager.startsWith("kubectl-client-side-apply")) return true;
  if (manager === BEFORE_FIRST_APPLY || manager === "kustomize-controller") return true;
  return tools.some((tool) => MANAGERS_OF[tool].includes(manager));
}

/** Tools whose field managers have fields of an object. */
export function toolsAtHand({ managedFields }: LiveMetadata): ReadonlySet<ForeignTool> {
  const managers = managedFields.flatMap(({ manager, subresource }) => ((subresource ?? "") === "" ? [manager] : []));
  const tools = (Object.keys(MANAGERS_OF) as ForeignTool[]).filter((tool) =>
    managers.some((manager) => MANAGERS_OF[tool].includes(manager)),
  );
  return new Set([...tools, ...(managers.includes("kustomize-controller") ? (["flux"] as const) : [])]);
}

/** Whether a live object may hold fields that a former manager still has; costs no look at the fields. */
export function hasFormerManager(live: LiveMetadata, from: Takeover): boolean {
  return live.managedFields.some((entry) => isFormer(entry, from));
}

/**
 * managedFields with the entries of former managers folded into that of our apply, so that a field that git drops later
 * goes; undefined when there is nothing to fold. Of what was there before anybody applied, only fields that git or the last
 * client-side apply declares are taken: the rest is the server's own, such as a volume's binding.
 */
export function takenOver(live: LiveMetadata, desired: Manifest, from: Takeover): readonly ManagedFields[] | undefined {
  if (!hasFormerManager(live, from)) return undefined;
  const ours = appliedFields(live);
  const kept: ManagedFields[] = [];
  let fields: JsonObject = ours?.fieldsV1 ?? {};
  let took = false;
  for (const entry of live.managedFields) {
    if (entry === ours) continue;
    const theirs = entry.fieldsV1 ?? {};
    if (!isFormer(entry, from)) kept.push(entry);
    else if (entry.manager === BEFORE_FIRST_APPLY) {
      const { inside, outside } = splitBy(theirs, declaredSomewhere(desired, live));
      if (inside === undefined) kept.push(entry);
      else {
        fields = unionFields(fields, inside);
        took = true;
        if (outside !== undefined) kept.push({ ...entry, fieldsV1: outside });
      }
    } else {
      const { "f:status": _status, ...declared } = theirs;
      fields = unionFields(fields, declared);
      took = true;
    }
  }
  if (!took) return undefined;
  const time = ours?.time ?? live.managedFields.findLast((entry) => isFormer(entry, from))?.time;
  const entry: ManagedFields = {
    manager: FIELD_MANAGER,
    operation: "Apply",
    apiVersion: desired.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsV1: fields,
  };
  return [entry, ...kept];
}

/**
 * The JSON patch that prepares a live object for our apply: former managers' fields become ours, their bookkeeping goes, and
 * a namespace that was there before us is marked as not to be pruned. Undefined when there is nothing to prepare. It fits
 * only the version of the object that it was made from.
 */
export function takeOverPatch(
  live: LiveMetadata,
  desired: Manifest,
  { adopting, ...from }: Takeover & { readonly adopting: boolean },
): readonly Json[] | undefined {
  const changes: Json[] = [];
  const managedFields = mergesFields(desired, live) ? undefined : takenOver(live, desired, from);
  if (managedFields !== undefined) {
    changes.push({ op: "replace", path: "/metadata/managedFields", value: managedFields.map(entryJson) });
    // Their values would count as ours: until our apply has been, nothing says that it has, nor whose a stranger's object is.
    if (APPLIED_ANNOTATION in live.annotations)
      changes.push({ op: "remove", path: `/metadata/annotations/${escaped(APPLIED_ANNOTATION)}` });
    if (!from.proven && SERVICE_LABEL in live.labels)
      changes.push({ op: "remove", path: `/metadata/labels/${escaped(SERVICE_LABEL)}` });
  }
  const [annotations, labels] = [child(desired.metadata, "annotations"), child(desired.metadata, "labels")];
  for (const key of OLD_ANNOTATIONS) {
    if (key in live.annotations && annotations?.[key] === undefined) {
      changes.push({ op: "remove", path: `/metadata/annotations/${escaped(key)}` });
    }
  }
  if (FLUX_V1_MARK in live.labels && labels?.[FLUX_V1_MARK] === undefined)
    changes.push({ op: "remove", path: `/metadata/labels/${escaped(FLUX_V1_MARK)}` });
  const isNamespace = desired.kind === "Namespace" && desired.apiVersion === "v1";
  if (adopting && isNamespace && live.annotations[PRUNE_ANNOTATION] === undefined) {
    const path = "/metadata/annotations";
    if (Object.keys(live.annotations).length === 0) changes.push({ op: "add", path, value: {} });
    changes.push({ op: "add", path: `${path}/${escaped(PRUNE_ANNOTATION)}`, value: "disabled" });
  }
  if (changes.length === 0) return undefined;
  return [...changes, { op: "replace", path: "/metadata/resourceVersion", value: live.resourceVersion }];
}

/** A key as part of a JSON pointer (RFC 6901). */
function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function entryJson({ manager, operation, apiVersion, time, subresource, fieldsV1 }: ManagedFields): JsonObject {
  return {
    manager,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    ...(subresource === undefined ? {} : { subresource }),
    fieldsType: "FieldsV1",
    fieldsV1: fieldsV1 ?? {},
  };
}

/**
 * The union of two sets of fields in fieldsV1. A field that is a member itself is written `{}`, or with a "." when fields
 * below it are members, too.
 */
export function unionFields(a: JsonObject, b: JsonObject): JsonObject {
  const union: Record<string, Json> = { ...a };
  for (const [key, theirs] of Object.entries(b)) {
    const ours = a[key];
    const both = key !== "." && isObject(ours) && isObject(theirs);
    union[key] = both ? unionFields(asMember(ours), asMember(theirs)) : theirs;
  }
  const keys = Object.keys(union);
  // Nothing below it: the short form.
  return keys.length === 1 && keys[0] === "." ? {} : union;
}

/** A node with its own membership written out. */
function asMember(node: JsonObject): JsonObject {
  return Object.keys(node).length === 0 ? { ".": {} } : node;
}

/** The fields that git declares now or that the last client-side apply declared. */
function declaredSomewhere(desired: Manifest, live: LiveMetadata): readonly Json[] {
  const text = live.annotations[LAST_APPLIED];
  if (text === undefined) return [desired];
  try {
    return [desired, JSON.parse(text) as Json];
  } catch {
    return [desired];
  }
}

interface Split {
  readonly inside: JsonObject | undefined;
  readonly outside: JsonObject | undefined;
}

/** Fields that any of these values has, and those that none has; undefined for none at all. */
function splitBy(fields: JsonObject, values: readonly Json[]): Split {
  if (Object.keys(fields).length === 0) return { inside: values.length > 0 ? {} : undefined, outside: undefined };
  const inside: Record<string, Json> = {};
  const outside: Record<string, Json> = {};
  for (const [key, below] of Object.entries(fields)) {
    const node = isObject(below) ? below : {};
    const found = values.flatMap((value) => valueAt(value, key));
    if (found.length === 0) outside[key] = node;
    else if (key === "." || key.startsWith("v:")) inside[key] = node;
    else {
      const split = splitBy(node, found);
      if (split.inside !== undefined) inside[key] = split.inside;
      if (split.outside !== undefined) outside[key] = split.outside;
    }
  }
  const some = (part: Record<string, Json>): JsonObject | undefined =>
    Object.keys(part).length === 0 ? undefined : part;
  return { inside: some(inside), outside: some(outside) };
}

/** What a value has at a key of fieldsV1: at most one thing. */
function valueAt(value: Json, key: string): readonly Json[] {
  if (key === ".") return [value];
  if (key.startsWith("f:")) {
    const field = isObject(value) ? value[key.slice(2)] : undefined;
    return field === undefined || field === null ? [] : [field];
  }
  if (!Array.isArray(value)) return [];
  const wanted = JSON.parse(key.slice(2)) as Json;
  if (key.startsWith("v:")) return value.some((item: Json) => jsonText(item) === jsonText(wanted)) ? [wanted] : [];
  // A key that the item leaves to its default (a port's protocol) does not tell it apart.
  const item = value.find(
    (one: Json) =>
      isObject(one) &&
      isObject(wanted) &&
      Object.entries(wanted).every(([name, at]) => one[name] === undefined || jsonText(one[name]) === jsonText(at)),
  );
  return item === undefined ? [] : [item];
}
