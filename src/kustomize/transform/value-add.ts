import { fieldSpecs, splitPath } from "../config/field-spec.ts";
import { mappingAt, scalar, setPlainText } from "../fields.ts";
import { loadFile } from "../folder.ts";
import { type Decoded, integer, list, object, text } from "../kustomization/decode.ts";
import { type SelectorSpec, selectorShape } from "../kustomization/fields.ts";
import { compileSelector, selects } from "../patch/index.ts";
import { baseOf } from "../paths.ts";
import { type Resource, valueAt } from "../resource.ts";
import { parseYaml, toJson } from "../yaml/index.ts";
import { moveObject } from "./namespace.ts";
import { failOn, type Step } from "./step.ts";
import { decodeConfig, type Transformer } from "./transformer.ts";

const targetFields = { selector: selectorShape, fieldPath: text, filePathPosition: integer };
const targetsShape = object({ targets: list(object(targetFields)) });
const configShape = object({ value: text, targets: list(object(targetFields)), targetFilePath: text });
type Target = Decoded<typeof targetFields>;

/** Writes a value into fields, or into paths that fields hold; by default the name of the kustomization's folder. */
export const valueAddTransformer: Transformer = {
  kind: "ValueAddTransformer",
  ofKustomization: () => [],
  ofConfig(context, folder, document) {
    const spec = decodeConfig(configShape, document, folder);
    if (spec === undefined) return [];
    const value = (spec.value ?? "").trim() || baseOf(folder.path);
    const targets: Target[] = [...(spec.targets ?? [])];
    if (spec.targetFilePath !== undefined && spec.targetFilePath !== "") {
      const bytes = loadFile(context, folder, spec.targetFilePath, spec.at);
      if (bytes === undefined) return [];
      const path = spec.targetFilePath;
      const parsed = parseYaml(new TextDecoder().decode(bytes), { path, mode: "kubernetes" });
      if (!parsed.ok) {
        folder.report.add(parsed.failures);
        return [];
      }
      const root = parsed.value[0]?.root;
      const json = (node: Parameters<typeof toJson>[0]) => toJson(node, "kubernetes");
      const more = root && targetsShape(root, "", { path, report: folder.report, strict: false, json });
      targets.push(...(more?.targets ?? []));
    }
    const invalid = (message: string, remedy: string): readonly [] => {
      folder.report.fail("build/invalid-transformer", spec.at, message, remedy);
      return [];
    };
    if (targets.length === 0) return invalid("there are no targets", "add targets");
    if (targets.some((target) => !target.fieldPath)) return invalid("a target has no fieldPath", "add a fieldPath");
    if (targets.some((target) => Number(target.filePathPosition ?? 0) < 0)) {
      return invalid("filePathPosition is negative", "count from 1, or leave it out");
    }
    return targets.map((target) => ({ step: addValue(value, target), at: document.at }));
  },
};

function addValue(value: string, target: Target): Step {
  return (context) => {
    const chosen = chooser(target.selector, context.report);
    if (chosen === undefined) return;
    for (const resource of context.set.resources) {
      if (!chosen(resource)) continue;
      const path = target.fieldPath ?? "";
      const problem =
        path === "metadata/namespace"
          ? moveObject(resource, { namespace: value, specs: fieldSpecs([]), unsetOnly: false, subjects: "defaultOnly" })
          : write(resource, splitPath(`/${path}`), value, Number(target.filePathPosition ?? 0));
      if (problem !== undefined) failOn(context, resource, problem);
    }
    context.set.idsChanged();
  };
}

function chooser(
  spec: SelectorSpec | undefined,
  report: Parameters<typeof compileSelector>[1],
): ((resource: Resource) => boolean) | undefined {
  if (spec === undefined) return () => true;
  const selector = compileSelector(spec, report);
  return selector === undefined ? undefined : (resource) => selects(selector, resource);
}

function write(resource: Resource, fields: readonly string[], value: string, position: number): string | undefined {
  let map = resource.node;
  const parts = fields.filter((field) => field.trim() !== "");
  for (const field of parts.slice(0, -1)) {
    const next = mappingAt(map, field);
    if (next === undefined) return `${fields.join("/")} leads through a value that is no map`;
    map = next;
  }
  const last = parts.at(-1) ?? "";
  const present = valueAt(map, last);
  if (present !== undefined && present.kind !== "scalar") return `${fields.join("/")} holds no text`;
  const old = present?.tag === "!!null" ? "" : (present?.value ?? "");
  const next = position > 0 ? insertPart(old, position - 1, value) : value;
  if (present === undefined) map.entries.push({ key: scalar(last), value: scalar(next) });
  else setPlainText(present, next);
  return undefined;
}

/** A path with one more part at a position; past the end it comes last. A leading slash stays in front. */
function insertPart(path: string, position: number, part: string): string {
  if (path === "") return part;
  const absolute = path.startsWith("/");
  const parts = path.split("/").filter((piece) => piece !== "");
  parts.splice(Math.min(position, parts.length), 0, part);
  return `${absolute ? "/" : ""}${parts.join("/")}`;
}
