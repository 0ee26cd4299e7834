import { describe, expect, test } from "vitest";
import { buildOurs } from "../../../scripts/conformance/engine.ts";
import { splitFieldPath } from "../../../src/kustomize/replace/path.ts";
import { memoryTree } from "../../support/disk-tree.ts";

const objects = `apiVersion: v1
kind: ConfigMap
metadata: {name: source}
data:
  host: db.example.com:5432
  port: "5432"
  dotted.key: z
  json: '{"a":{"b":"<x>"},"l":[1,2]}'
  yaml: |
    # the port
    port: 1   # old
    list:
        - a
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: target, labels: {app: web}}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: web, image: "nginx:1.2"}
      - {name: web-2, image: redis}
`;

/** The built text, or each failure as \`code path:line message\`. */
function built(replacement: string, files: Readonly<Record<string, string>> = {}): string {
  const tree = memoryTree({
    "app/objects.yaml": objects,
    "app/kustomization.yaml": `resources: [objects.yaml]\nreplacements:\n${replacement}\n`,
    ...files,
  });
  const answer = buildOurs(tree, "app");
  if (answer.ok) return answer.yaml;
  return answer.failures
    .map(({ code, at, message }) => `${code} ${at?.path ?? ""}:${at?.line ?? 0} ${message}`)
    .join("\n");
}

/** A replacement of one field by another. */
const copy = (from: string, to: string, targetOptions = "", sourceOptions = ""): string =>
  [
    `- source: {kind: ConfigMap, fieldPath: '${from}', options: {${sourceOptions}}}`,
    `  targets: [{select: {kind: ${to.startsWith("data") ? "ConfigMap" : "Deployment"}}, fieldPaths: ['${to}'], options: {${targetOptions}}}]`,
  ].join("\n");

describe("a field path", () => {
  test.each([
    ["a.b", ["a", "b"]],
    [".a.b", ["a", "b"]],
    ["a\\.b.c", ["a.b", "c"]],
    ["a.[b.c].d", ["a", "b.c", "d"]],
    ["a.[name=b.c].d", ["a", "[name=b.c]", "d"]],
    ["a.[=x].0.*.-", ["a", "[=x]", "0", "*", "-"]],
  ])("%s", (path, parts) => {
    expect(splitFieldPath(path)).toEqual(parts);
  });
});

describe("a replacement", () => {
  test.each([
    ["of a whole value", copy("data.port", "metadata.labels.app"), 'app: "5432"'],
    ["keeps the target's type", copy("data.port", "spec.replicas"), "replicas: 5432"],
    [
      "takes one part of the source",
      copy("data.host", "metadata.labels.app", "", "delimiter: ':'"),
      "app: db.example.com",
    ],
    ["takes a later part", copy("data.host", "metadata.labels.app", "", "delimiter: ':', index: 1"), 'app: "5432"'],
    [
      "sets one part of the target",
      copy("data.port", "spec.template.spec.containers.0.image", "delimiter: ':', index: 1"),
      "image: nginx:5432",
    ],
    [
      "goes in front",
      copy("data.port", "spec.template.spec.containers.1.image", "delimiter: '/', index: -1"),
      "image: 5432/redis",
    ],
    [
      "goes behind",
      copy("data.port", "spec.template.spec.containers.1.image", "delimiter: '/', index: 9"),
      "image: redis/5432",
    ],
    [
      "of the default field",
      "- source: {kind: ConfigMap}\n  targets: [{select: {kind: Deployment}}]",
      "name: source\nspec:",
    ],
    [
      "makes what is missing, of the type that the text has",
      copy("data.port", "spec.strategy.max", "create: true"),
      "strategy:\n    max: 5432",
    ],
    [
      "makes an item",
      copy("data.port", "spec.volumes.[name=v].size", "create: true"),
      "volumes:\n  - name: v\n    size: 5432",
    ],
    [
      "of a fixed value",
      "- sourceValue: hello\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.labels.app]}]",
      "app: hello",
    ],
    ["by a key with dots", copy("data.dotted\\.key", "data.[dotted.key]"), "dotted.key: z"],
    [
      "copies a map",
      "- source: {kind: Deployment, fieldPath: metadata.labels}\n  targets: [{select: {kind: Deployment}, fieldPaths: [spec.selector], options: {create: true}}]",
      "selector:\n    app: web",
    ],
    ["inside JSON", copy("data.port", "data.json.a.b"), `json: '{"a":{"b":"5432"},"l":[1,2]}'`],
    [
      "inside YAML keeps its comments",
      copy("data.port", "data.yaml.port"),
      "# the port\n    port: 5432 # old\n    list:\n    - a",
    ],
  ])("%s", (_, replacement, expected) => {
    expect(built(replacement)).toContain(expected);
  });

  test("* is every item, and [name=web] every item whose name the pattern finds", () => {
    const images = (path: string): number => built(copy("data.port", path)).split(/image: "?5432/).length - 1;
    expect(images("spec.template.spec.containers.*.image")).toBe(2);
    expect(images("spec.template.spec.containers.[name=web].image")).toBe(2);
    expect(images("spec.template.spec.containers.[name=web$].image")).toBe(1);
  });

  test("reject takes away what select gave", () => {
    const replacement = `${copy("data.port", "metadata.labels.app").slice(0, -2)}, reject: [{name: tar.*}]}]`;
    expect(built(replacement)).toContain("app: web");
  });

  test("a later replacement may put right what an earlier one left wrong", () => {
    expect(built(`${copy("data.host", "spec.replicas")}\n${copy("data.port", "spec.replicas")}`)).toContain(
      "replicas: 5432",
    );
  });

  test("from a file, one or a list", () => {
    const one =
      "source: {kind: ConfigMap}\ntargets: [{select: {kind: Deployment}, fieldPaths: [metadata.labels.app]}]\n";
    expect(built("- path: r.yaml", { "app/r.yaml": one })).toContain("app: source");
    expect(built("- path: r.yaml", { "app/r.yaml": `- ${one.replace("\n", "\n  ")}` })).toContain("app: source");
  });

  test.each([
    ["- targets: []", "build/replacement app/kustomization.yaml:3 a replacement needs a source and targets"],
    [
      "- source: {kind: ConfigMap}",
      "build/replacement app/kustomization.yaml:3 a replacement needs a source and targets",
    ],
    [
      "- {source: {kind: X}, targets: []}",
      "build/replacement app/kustomization.yaml:3 no resource is the source X.[noVer].[noGrp]/[noName].[noNs]",
    ],
    [
      "- {source: {}, targets: []}",
      "build/replacement app/kustomization.yaml:3 more than one resource is the source [noKind].[noVer].[noGrp]/[noName].[noNs]",
    ],
    [
      copy("data.none", "data.port"),
      "build/replacement app/kustomization.yaml:3 the source ConfigMap.[noVer].[noGrp]/[noName].[noNs] has no field data.none",
    ],
    [
      copy("data.host", "data.port", "", "delimiter: ':', index: 2"),
      "build/replacement app/kustomization.yaml:3 index 2 is beyond the 2 parts of data.host",
    ],
    [
      copy("data.port", "data.none"),
      "build/replacement app/kustomization.yaml:4 field data.none cannot be found (in ConfigMap.v1.[noGrp]/source.[noNs])",
    ],
    [
      copy("data.host", "spec.replicas"),
      'build/replacement app/kustomization.yaml:4 field spec.replicas cannot be set: it holds a whole number, which "db.example.com:5432" is not (in Deployment.v1.apps/target.[noNs])',
    ],
    [
      "- {source: {kind: ConfigMap}, targets: [{}]}",
      "build/replacement app/kustomization.yaml:3 a target selects nothing",
    ],
    [
      "- {path: r.yaml, source: {kind: ConfigMap}}",
      "build/replacement app/kustomization.yaml:3 a replacement has both a path and a source or targets",
    ],
  ])("%s", (replacement, failure) => {
    expect(built(replacement)).toBe(failure);
  });
});
