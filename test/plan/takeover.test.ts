import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isObject,
  type JsonObject,
  type LiveMetadata,
  type ManagedFields,
  type Manifest,
  text,
} from "../../src/model/index.ts";
import { takenOver, takeOverPatch, unionFields } from "../../src/plan/takeover.ts";
import { declaredBy, liveAfter } from "./objects.ts";

/** A set of fields as the paths of its members. */
function members(fields: JsonObject, at = ""): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [key, below] of Object.entries(fields)) {
    if (!isObject(below)) continue;
    if (key === ".") found.add(at);
    else if (Object.keys(below).length === 0) found.add(`${at}/${key}`);
    else for (const path of members(below, `${at}/${key}`)) found.add(path);
  }
  return found;
}

/** Sets of fields as the server writes them: a member without anything below it is `{}`, else it has a ".". */
const fieldSets: fc.Arbitrary<JsonObject> = fc
  .array(fc.array(fc.constantFrom("f:a", "f:b", 'k:{"name":"x"}', 'v:"y"'), { minLength: 1, maxLength: 4 }), {
    maxLength: 8,
  })
  .map((paths) => {
    const root: Record<string, unknown> = {};
    for (const path of paths) {
      let node = root;
      for (const part of path) node = (node[part] ??= {}) as Record<string, unknown>;
      node["."] = {};
    }
    const short = (node: Record<string, unknown>): JsonObject => {
      const entries = Object.entries(node).map(([key, below]) => [key, short(below as Record<string, unknown>)]);
      return entries.length === 1 && entries[0]?.[0] === "." ? {} : (Object.fromEntries(entries) as JsonObject);
    };
    return Object.fromEntries(
      Object.entries(root).map(([key, below]) => [key, short(below as Record<string, unknown>)]),
    );
  });

describe("the union of two sets of fields", () => {
  test("has the members of both and no others, and says each in the one way that there is", () => {
    fc.assert(
      fc.property(fieldSets, fieldSets, (a, b) => {
        const union = unionFields(a, b);
        expect([...members(union)].toSorted()).toEqual([...new Set([...members(a), ...members(b)])].toSorted());
        expect(unionFields(b, a)).toEqual(union);
        expect(unionFields(union, a)).toEqual(union);
        expect(unionFields({}, a)).toEqual(a);
      }),
    );
  });

  test("a field and a field below it are both members", () => {
    expect(unionFields({ "f:a": {} }, { "f:a": { "f:b": {} } })).toEqual({ "f:a": { ".": {}, "f:b": {} } });
  });
});

const entry = (manager: string, operation: "Apply" | "Update", fieldsV1: JsonObject, more = {}): ManagedFields => ({
  manager,
  operation,
  apiVersion: "v1",
  time: "2026-01-01T00:00:00Z",
  fieldsV1,
  ...more,
});
const data = (...keys: readonly string[]): JsonObject => ({
  "f:data": { ".": {}, ...Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
});
const mine = declaredBy("x/a", "a", { a: "1" });
const desired: Manifest = mine.manifest;
const live = (change: Partial<LiveMetadata>): LiveMetadata =>
  liveAfter(mine, { labels: {}, annotations: {}, ...change });
const managers = (entries: readonly ManagedFields[] | undefined): readonly string[] | undefined =>
  entries?.map(({ manager, operation }) => `${manager} ${operation}`);

const NEW = { proven: false, tools: [] } as const;

describe("the fields of former managers", () => {
  test.each([
    ["kubectl-client-side-apply", "Update"],
    ["kubectl", "Apply"],
    ["kubectl", "Update"],
    ["kustomize-controller", "Apply"],
  ] as const)("E3 of %s (%s) become ours", (manager, operation) => {
    const object = live({ managedFields: [entry(manager, operation, data("a", "old")), entry("other", "Update", {})] });
    const after = takenOver(object, desired, NEW);
    expect(managers(after)).toEqual(["gitops Apply", "other Update"]);
    expect(after?.[0]?.fieldsV1).toEqual(data("a", "old"));
  });

  test("E3 are added to what we applied already, in one entry of the version that git writes", () => {
    const object = live({
      managedFields: [
        entry("kubectl-client-side-apply", "Update", data("old"), { apiVersion: "v0" }),
        entry("gitops", "Apply", data("a")),
      ],
    });
    const after = takenOver(object, desired, NEW);
    expect(after).toHaveLength(1);
    expect(after?.[0]).toMatchObject({ manager: "gitops", operation: "Apply", apiVersion: "v1" });
    expect(after?.[0]?.fieldsV1).toEqual(data("a", "old"));
  });

  test.each([
    ["a single edit", entry("kubectl-edit", "Update", data("b"))],
    ["a scale", entry("kubectl", "Update", data("b"), { subresource: "scale" })],
    ["a controller", entry("kube-controller-manager", "Update", data("b"))],
    ["Helm, when nobody took over from it", entry("helm", "Update", data("b"))],
    ["our own edits", entry("gitops", "Update", data("b"))],
  ])("E2 stay with %s", (_who, other) => {
    expect(
      takenOver(live({ managedFields: [entry("gitops", "Apply", data("a")), other] }), desired, NEW),
    ).toBeUndefined();
  });

  test.each([
    ["helm", "helm", "Update"],
    ["helm", "Helm", "Apply"],
    ["argo", "argocd-controller", "Apply"],
    ["kapp", "kapp", "Update"],
    ["flux", "helm-controller", "Update"],
  ] as const)("E2 of %s become ours when the object is taken over from it (%s %s)", (tool, manager, operation) => {
    const object = live({ managedFields: [entry(manager, operation, data("old"))] });
    expect(takenOver(object, desired, NEW)).toBeUndefined();
    expect(managers(takenOver(object, desired, { ...NEW, tools: [tool] }))).toEqual(["gitops Apply"]);
  });

  test("E3 of what nobody applied become ours as far as git or the last client-side apply declares them", () => {
    const fields = {
      ...data("a", "old", "bound-by-the-server"),
      "f:metadata": { "f:finalizers": { ".": {}, 'v:"x"': {} } },
    };
    const lastApplied = JSON.stringify({ data: { a: "0", old: "1" } });
    const object = live({
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": lastApplied },
      managedFields: [entry("before-first-apply", "Update", fields)],
    });
    const after = takenOver(object, desired, NEW);
    expect(managers(after)).toEqual(["gitops Apply", "before-first-apply Update"]);
    expect(after?.[0]?.fieldsV1).toEqual(data("a", "old"));
    expect(after?.[1]?.fieldsV1).toEqual({
      "f:data": { "f:bound-by-the-server": {} },
      "f:metadata": { "f:finalizers": { ".": {}, 'v:"x"': {} } },
    });
  });

  test("list items are told apart by their keys, and members of sets by their value", () => {
    const manifest = {
      ...desired,
      ports: [{ port: 80 }, { port: 81, protocol: "UDP" }],
      finalizers: ["mine"],
    } as unknown as Manifest;
    const port = (number: number, protocol: string): string => `k:{"port":${number},"protocol":"${protocol}"}`;
    const fields = {
      "f:ports": {
        [port(80, "TCP")]: { ".": {}, "f:port": {}, "f:nodePort": {} },
        [port(81, "TCP")]: { "f:port": {} },
      },
      "f:finalizers": { 'v:"mine"': {}, 'v:"theirs"': {} },
    };
    const after = takenOver(live({ managedFields: [entry("before-first-apply", "Update", fields)] }), manifest, NEW);
    expect(after?.[0]?.fieldsV1).toEqual({
      "f:ports": { [port(80, "TCP")]: { ".": {}, "f:port": {} } },
      "f:finalizers": { 'v:"mine"': {} },
    });
    expect(after?.[1]?.fieldsV1).toEqual({
      "f:ports": { [port(80, "TCP")]: { "f:nodePort": {} }, [port(81, "TCP")]: { "f:port": {} } },
      "f:finalizers": { 'v:"theirs"': {} },
    });
  });

  test("the status is nobody's to declare", () => {
    const fields = { ...data("a"), "f:status": { "f:phase": {} } };
    const object = live({ managedFields: [entry("kubectl-client-side-apply", "Update", fields)] });
    expect(takenOver(object, desired, NEW)?.[0]?.fieldsV1).toEqual(data("a"));
  });
});

test("an edit of an object that is ours already is drift, whatever kubectl it was made with", () => {
  const edited = live({
    managedFields: [entry("gitops", "Apply", data("a")), entry("kubectl", "Update", data("b"))],
  });
  expect(takenOver(edited, desired, { proven: true, tools: [] })).toBeUndefined();
  const applied = live({ managedFields: [entry("gitops", "Apply", data("a")), entry("kubectl", "Apply", data("b"))] });
  expect(takenOver(applied, desired, { proven: true, tools: [] })).toHaveLength(1);
});

describe("the patch that prepares an object", () => {
  const none = { adopting: false, proven: true, tools: [] };
  const paths = (patch: ReturnType<typeof takeOverPatch>): readonly string[] | undefined =>
    patch?.map((change) => (isObject(change) ? `${text(change, "op")} ${text(change, "path")}` : ""));

  test("is none when there is nothing to prepare", () => {
    expect(takeOverPatch(liveAfter(mine), desired, none)).toBeUndefined();
  });

  test("C2 takes away what others' bookkeeping left, and fits one version of the object only", () => {
    const object = live({
      resourceVersion: "7",
      labels: { "fluxcd.io/sync-gc-mark": "sha256.x" },
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "fluxcd.io/sync-checksum": "1",
        other: "stays",
      },
    });
    const patch = takeOverPatch(object, desired, { adopting: true, ...NEW });
    expect(paths(patch)).toEqual([
      "remove /metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
      "remove /metadata/annotations/fluxcd.io~1sync-checksum",
      "remove /metadata/labels/fluxcd.io~1sync-gc-mark",
      "replace /metadata/resourceVersion",
    ]);
    expect(patch?.at(-1)).toMatchObject({ value: "7" });
  });

  test("does not say that a value that is not ours was applied: a run may end before its apply", () => {
    const edited = liveAfter(mine);
    const theirs = { ...edited, managedFields: [...edited.managedFields, entry("kubectl", "Apply", data("edited"))] };
    expect(paths(takeOverPatch(theirs, desired, none))).toEqual([
      "replace /metadata/managedFields",
      "remove /metadata/annotations/gitops.bulkhead.dev~1applied",
      "replace /metadata/resourceVersion",
    ]);
    expect(paths(takeOverPatch(theirs, desired, { adopting: false, ...NEW }))).toContain(
      "remove /metadata/labels/gitops.bulkhead.dev~1service",
    );
  });

  test("leaves fields to others where git says Merge", () => {
    const object = live({
      annotations: { "kustomize.toolkit.fluxcd.io/ssa": "merge" },
      managedFields: [entry("kubectl", "Apply", data("old"))],
    });
    expect(takeOverPatch(object, desired, none)).toBeUndefined();
  });

  test("A8 a namespace that was there before is marked as not to be pruned", () => {
    const manifest: Manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } };
    const adopting = { adopting: true, ...NEW };
    expect(paths(takeOverPatch(live({ managedFields: [] }), manifest, adopting))).toEqual([
      "add /metadata/annotations",
      "add /metadata/annotations/gitops.bulkhead.dev~1prune",
      "replace /metadata/resourceVersion",
    ]);
    expect(takeOverPatch(live({ managedFields: [] }), manifest, none)).toBeUndefined();
    expect(takeOverPatch(live({ managedFields: [] }), desired, adopting)).toBeUndefined();
    const chosen = live({ managedFields: [], annotations: { "gitops.bulkhead.dev/prune": "enabled" } });
    expect(takeOverPatch(chosen, manifest, adopting)).toBeUndefined();
  });
});
