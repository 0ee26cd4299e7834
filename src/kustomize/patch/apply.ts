import type { Place } from "../../model/index.ts";
import { clearField, mapping, mappingAt, renameObject, setMetadataMap, setPlainField, textMap } from "../fields.ts";
import { strategicMerge } from "../merge/index.ts";
import type { Report } from "../report.ts";
import {
  apiVersionOf,
  currentId,
  idText,
  isEmptyNode,
  kindOf,
  nameOf,
  namespaceOf,
  type Resource,
  rememberId,
  valueAt,
} from "../resource.ts";
import type { Schema } from "../schema/index.ts";
import { cloneNode, type MappingNode, type YamlNode } from "../yaml/node.ts";
import { applyJsonPatch, type Operation } from "./json-patch.ts";

/** What became of an object that was patched. */
export type Patched = "changed" | "deleted" | "failed";

/** Where a node of the patch stands. */
export type PlaceOf = (node: Pick<YamlNode, "line">) => Place;

/**
 * Merges a patch into an object. Its name and kind stay unless the patch may change them, its namespace and apiVersion
 * always do. `$patch: replace` at the top has no effect, as in kustomize.
 *
 * A patch that was chosen by a selector (`bySelector`) may name another object: kustomize then gives it the target's
 * apiVersion, and makes text of the patch's labels and annotations, so that a null there does not remove anything.
 */
export function applyMerge(
  target: Resource,
  patch: Resource,
  options: { readonly schema: Schema; readonly bySelector: boolean; readonly placeOf: PlaceOf },
  report: Report,
): Patched {
  const [kind, name, namespace] = [kindOf(target), nameOf(target), namespaceOf(target)];
  const node = cloneNode(patch.node);
  const mayChange = patch.allowNameChange || patch.allowKindChange;
  if (mayChange || options.bySelector) textualMap(node, "annotations");
  if (options.bySelector) {
    textualMap(node, "labels");
    setPlainField(node, "apiVersion", apiVersionOf(target));
    setPlainField(node, "kind", kindOf(patch));
    renameObject(node, nameOf(patch));
    setNamespace(node, namespaceOf(patch));
  }
  if (mayChange) rememberId(target);
  const outcome = strategicMerge(target.node, node, options.schema);
  if (!outcome.ok) {
    const { problem } = outcome;
    report.fail(
      "build/invalid-patch",
      options.placeOf(problem.node),
      problem.message,
      problem.remedy,
      idText(currentId(target)),
    );
    return "failed";
  }
  if (outcome.value === undefined || isEmptyNode(target.node)) return "deleted";
  if (!patch.allowKindChange) setPlainField(target.node, "kind", kind);
  if (!patch.allowNameChange) renameObject(target.node, name);
  setNamespace(target.node, namespace);
  return "changed";
}

/**
 * Applies a JSON patch. kustomize makes text of all annotations afterwards; while it keeps notes in them
 * (`remembers`, or earlier steps) there is an annotations map for the patch to add to.
 */
export function applyOperations(
  target: Resource,
  operations: readonly Operation[],
  options: { readonly remembers: boolean; readonly placeOf: PlaceOf },
  report: Report,
): Patched {
  const object = idText(currentId(target));
  if (options.remembers) rememberId(target);
  if (target.annotated) ensureAnnotations(target.node);
  const outcome = applyJsonPatch(target.node, operations);
  if (!outcome.ok) {
    const operation = operations[outcome.operation];
    const path = operation?.path === undefined ? "" : ` ${operation.path}`;
    report.fail(
      "build/invalid-patch",
      options.placeOf({ line: operation?.line ?? 0 }),
      `operation ${outcome.operation + 1} (${operation?.op ?? ""}${path}) cannot be applied: ${outcome.problem}`,
      outcome.remedy,
      object,
    );
    return "failed";
  }
  target.node = outcome.value;
  textualMap(target.node, "annotations");
  return "changed";
}

/** Labels or annotations as sorted text; the map goes when it is empty. */
function textualMap(node: MappingNode, field: "labels" | "annotations"): void {
  const metadata = valueAt(node, "metadata");
  if (valueAt(metadata, field) !== undefined) setMetadataMap(node, field, textMap(valueAt(metadata, field)));
}

function setNamespace(node: MappingNode, namespace: string): void {
  const metadata = mappingAt(node, "metadata");
  if (metadata === undefined) return;
  if (namespace === "") clearField(metadata, "namespace");
  else setPlainField(metadata, "namespace", namespace);
}

function ensureAnnotations(node: MappingNode): void {
  const metadata = mappingAt(node, "metadata");
  if (metadata === undefined || !isEmptyNode(valueAt(metadata, "annotations"))) return;
  clearField(metadata, "annotations");
  const annotations = mappingAt(metadata, "annotations") ?? mapping();
  annotations.flow = false;
}
