import { type FieldSpecs, visitField } from "../config/field-spec.ts";
import { setPlainText } from "../fields.ts";
import { list, object } from "../kustomization/decode.ts";
import { fieldSpecShape, type ImageSpec, imageShape } from "../kustomization/fields.ts";
import { partMatcher } from "../patch/index.ts";
import { currentId, kindOf, valueAt } from "../resource.ts";
import type { YamlNode } from "../yaml/node.ts";
import { failOn, type Step } from "./step.ts";
import { decodeConfig, specsOf, type Transformer } from "./transformer.ts";

export interface ImageChange {
  readonly name: string;
  readonly newName: string;
  readonly newTag: string;
  readonly tagSuffix: string;
  readonly digest: string;
}

const CONTAINER_LISTS: ReadonlySet<string> = new Set(["containers", "initContainers"]);

/** Changes images by name: in every list called `containers` or `initContainers`, and where field specs say. */
function imageStep(change: ImageChange, specs: FieldSpecs): Step {
  const matches = imageMatcher(change.name);
  const update = (node: YamlNode): string | undefined => {
    if (node.kind === "scalar") {
      if (matches(node.value)) setPlainText(node, changed(node.value, change));
      return undefined;
    }
    return "an image must be text";
  };
  return (context) => {
    for (const resource of context.set.resources) {
      if (kindOf(resource) === "CustomResourceDefinition") continue;
      let problem = inContainers(resource.node, update);
      for (const spec of specs.of(currentId(resource))) {
        problem ??= visitField(resource.node, spec, undefined, update);
      }
      if (problem !== undefined) failOn(context, resource, problem);
    }
  };
}

function inContainers(node: YamlNode, update: (image: YamlNode) => string | undefined): string | undefined {
  if (node.kind === "sequence") {
    for (const item of node.items) {
      const problem = inContainers(item, update);
      if (problem !== undefined) return problem;
    }
  }
  if (node.kind !== "mapping") return undefined;
  for (const { key, value } of node.entries) {
    if (value.kind === "scalar") continue;
    let problem = inContainers(value, update);
    if (problem === undefined && CONTAINER_LISTS.has(key.value) && value.kind === "sequence") {
      for (const container of value.items) {
        const image = valueAt(container, "image");
        if (image !== undefined) problem ??= update(image);
        else if (container.kind !== "mapping" && !(container.kind === "scalar" && container.tag === "!!null")) {
          problem ??= "a container must be a map";
        }
      }
    }
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const TAG_AND_DIGEST = "(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$";

/** The name is a pattern in kustomize, though hardly anyone means it; one that is none matches nothing. */
function imageMatcher(name: string): (image: string) => boolean {
  if (/^[a-zA-Z0-9/_:@-]*$/.test(name)) {
    const rest = new RegExp(`^${TAG_AND_DIGEST}`);
    return (image) => image.startsWith(name) && rest.test(image.slice(name.length));
  }
  const matcher = partMatcher(`^${name}${TAG_AND_DIGEST}`);
  return typeof matcher === "function" ? matcher : () => false;
}

function changed(image: string, change: ImageChange): string {
  let [name, tag, digest] = splitImage(image);
  if (change.newName !== "") name = change.newName;
  if (change.newTag !== "" || change.digest !== "") {
    tag = change.newTag;
    digest = change.digest;
  } else if (change.tagSuffix !== "") {
    tag += change.tagSuffix;
    digest = "";
  }
  return `${name}${tag === "" ? "" : `:${tag}`}${digest === "" ? "" : `@${digest}`}`;
}

/** `[host[:port]/]path[:tag][@digest]` in three. */
function splitImage(image: string): [string, string, string] {
  const slash = Math.max(image.indexOf("/"), 0);
  const at = image.indexOf("@", slash);
  const colon = image.indexOf(":", slash);
  if (colon < 0 && at < 0) return [image, "", ""];
  if (at >= 0 && (colon < 0 || at < colon)) return [image.slice(0, at), "", image.slice(at + 1)];
  if (at >= 0) return [image.slice(0, colon), image.slice(colon + 1, at), image.slice(at + 1)];
  return [image.slice(0, colon), image.slice(colon + 1), ""];
}

const configShape = object({ imageTag: imageShape, fieldSpecs: list(fieldSpecShape) });

function changeOf(spec: ImageSpec): ImageChange {
  const { name = "", newName = "", newTag = "", tagSuffix = "", digest = "" } = spec;
  return { name, newName, newTag, tagSuffix, digest };
}

export const imageTransformer: Transformer = {
  kind: "ImageTagTransformer",
  ofKustomization: (_context, { kustomization: k }, config) =>
    [...(k.images ?? []), ...(k.imageTags ?? [])].map((spec) => ({
      step: imageStep(changeOf(spec), config.images),
      at: spec.at,
    })),
  ofConfig(_context, folder, document) {
    const spec = decodeConfig(configShape, document, folder);
    if (spec === undefined) return [];
    const change = changeOf(spec.imageTag ?? { at: spec.at });
    return [{ step: imageStep(change, specsOf(spec.fieldSpecs)), at: document.at }];
  },
};
