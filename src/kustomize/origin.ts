import type { Json } from "../model/index.ts";
import { setMetadataMap, textMap } from "./fields.ts";
import type { Folder } from "./folder.ts";
import { apiVersionOf, kindOf, nameOf, namespaceOf, type Resource, valueAt } from "./resource.ts";
import { writeJson } from "./yaml/index.ts";

/** The annotations of `buildMetadata`: where an object came from, and what changed it on the way. */
export const ORIGIN = "config.kubernetes.io/origin";
export const TRANSFORMATIONS = "alpha.config.kubernetes.io/transformations";

/** Where an object or a transformer's configuration is from, with paths as they are named from the folder built. */
export interface Origin {
  readonly path?: string;
  readonly configuredIn?: string;
  readonly configuredBy?: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name?: string;
    readonly namespace?: string;
  };
}

/** The path of a file or folder as it is named from the folder built; `..` stays where it leads above it. */
export function joinOrigin(origin: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${origin}/${path}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

/** A generator or transformer that kustomize has built in, named by a field of a kustomization. */
export function builtinOrigin(folder: Folder, kind: string): Origin {
  return {
    configuredIn: joinOrigin(folder.originPath, folder.fileName),
    configuredBy: { apiVersion: "builtin", kind },
  };
}

/** A generator or transformer that a document configures; undefined when the document's own origin is not known. */
export function pluginOrigin(config: Resource): Origin | undefined {
  const own = annotationsOf(config).get(ORIGIN);
  const path = own === undefined ? undefined : /^path: (.*)$/m.exec(own)?.[1];
  if (own === undefined) return undefined;
  const [name, namespace] = [nameOf(config), namespaceOf(config)];
  return {
    ...(path === undefined ? {} : { configuredIn: path }),
    configuredBy: {
      apiVersion: apiVersionOf(config),
      kind: kindOf(config),
      ...(name === "" ? {} : { name }),
      ...(namespace === "" ? {} : { namespace }),
    },
  };
}

export function setOrigin(resource: Resource, origin: Origin): void {
  setMetadataMap(resource.node, "annotations", annotationsOf(resource).set(ORIGIN, originText(origin)));
}

/** Notes a transformer on every object; on one without an origin, it is taken for what made it. */
export function noteTransformer(resources: readonly Resource[], origin: Origin): void {
  for (const resource of resources) {
    const annotations = annotationsOf(resource);
    if (!annotations.has(ORIGIN)) {
      setOrigin(resource, origin);
      continue;
    }
    const lines = originText(origin).trimEnd().split("\n");
    const item = lines.map((line, index) => `${index === 0 ? "- " : "  "}${line}\n`).join("");
    annotations.set(TRANSFORMATIONS, `${annotations.get(TRANSFORMATIONS) ?? ""}${item}`);
    setMetadataMap(resource.node, "annotations", annotations);
  }
}

export function hasOrigin(resource: Resource): boolean {
  return annotationsOf(resource).has(ORIGIN);
}

export function annotationsOf(resource: Resource): Map<string, string> {
  return textMap(valueAt(valueAt(resource.node, "metadata"), "annotations"));
}

function originText(origin: Origin): string {
  const { path, configuredIn, configuredBy } = origin;
  const parts: Json[] = [];
  if (path !== undefined && path !== "") parts.push({ path });
  if (configuredIn !== undefined && configuredIn !== "") parts.push({ configuredIn });
  if (configuredBy !== undefined) parts.push({ configuredBy });
  return parts.length === 0 ? "{}\n" : parts.map((part) => writeJson([part])).join("");
}
