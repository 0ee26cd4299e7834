import { describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS, type Discovery } from "../../src/model/index.ts";
import { discover } from "../../src/services/index.ts";
import { memoryTree } from "../support/disk-tree.ts";

/** What a tree of these files discovers. Folders that Flux documents name are made, unless they are called `gone`. */
function found(files: Readonly<Record<string, string>>, path = ""): Discovery {
  const folders = Object.values(files).flatMap((text) =>
    [...text.matchAll(/^  path: "(.*)"$/gm)].map(([, folder]) => folder ?? ""),
  );
  const inside = folders
    .map((folder) => folder.replace(/^\.\//, "").replace(/\/$/, ""))
    .filter((f) => !/gone|\.\./.test(f));
  const tree = memoryTree({
    ...Object.fromEntries(inside.map((folder) => [`${folder}/artifact.json`, "{}"])),
    ...files,
  });
  const step = discover(tree, path, () => true);
  if (step.kind !== "done") throw new Error("everything is loaded");
  return step.discovery;
}

const ids = ({ services }: Discovery): readonly string[] => services.map(({ id }) => id);
const flux = (id: string, folder: string, more = ""): string => {
  const [namespace, name] = id.split("/");
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: "${name}", namespace: "${namespace}"}
spec:
  interval: 10m
  path: "${folder}"
  prune: true
  sourceRef: {kind: GitRepository, name: config}
${more}`;
};
const kustomization = (...resources: readonly string[]): string => `resources: [${resources.join(", ")}]\n`;
const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

describe("Flux Kustomization documents", () => {
  test("are found by content, at any depth and under any name", () => {
    const discovery = found(
      {
        "clusters/dev/shop/cart.yaml": flux("shop/cart", "./dev/releases/shop/cart"),
        "clusters/dev/deep/er/still/any-name.yml": `# two documents\n---\n${flux("a/one", "dev/one")}---\n${flux("a/two", "./dev/two/")}`,
        "clusters/prod/shop/cart.yaml": flux("shop/cart", "./prod/releases/shop/cart"),
        "dev/releases/shop/cart/kustomization.yaml": kustomization("cart.yaml"),
        "dev/releases/shop/cart/cart.yaml": configMap("cart"),
      },
      "clusters/dev",
    );
    expect(discovery.services.map(({ id, folder, at }) => [id, folder, `${at.path}:${at.line}`])).toEqual([
      ["a/one", "dev/one", "clusters/dev/deep/er/still/any-name.yml:3"],
      ["a/two", "dev/two", "clusters/dev/deep/er/still/any-name.yml:12"],
      ["shop/cart", "dev/releases/shop/cart", "clusters/dev/shop/cart.yaml:1"],
    ]);
  });

  test("say how they are reconciled", () => {
    const more =
      "  suspend: true\n  targetNamespace: shop\n  timeout: 90s\n  dependsOn: [{name: db}, {name: dns, namespace: infra}]\n";
    expect(found({ "c/cart.yaml": flux("shop/cart", "x", more) }).services[0]?.settings).toEqual({
      ...DEFAULT_SETTINGS,
      tenant: "shop",
      prune: true,
      suspend: true,
      targetNamespace: "shop",
      dependsOn: ["shop/db", "infra/dns"],
      intervalMs: 600_000,
      timeoutMs: 90_000,
    });
  });

  test.each([
    ["true", "", "prune"],
    ["false", "", "orphan"],
    ["true", "MirrorPrune", "prune"],
    ["false", "MirrorPrune", "orphan"],
    ["true", "Orphan", "orphan"],
    ["false", "Delete", "prune"],
    ["false", "WaitForTermination", "prune"],
  ])("prune: %s with deletionPolicy: %s means %s for what a service leaves behind", (prune, policy, means) => {
    const text = flux("a/x", "y", `  deletionPolicy: "${policy}"\n`).replace("prune: true", `prune: ${prune}`);
    expect(found({ "c/x.yaml": text }).services[0]?.settings).toMatchObject({ deletionPolicy: means });
  });

  test("say what they change about the build", () => {
    const more = `  namePrefix: a-
  patches: [{patch: "x", target: {kind: A}}]
  images: [{name: a, newTag: "1"}]
  components: [../extra, ../gone]
  ignoreMissingComponents: true
  buildMetadata: [originAnnotations]
  commonMetadata: {labels: {team: a}}
`;
    const files = { "c/cart.yaml": `---\n${flux("shop/cart", "x", more)}`, "c/other.yaml": flux("shop/other", "y") };
    const [cart, other] = found(files).services;
    expect(cart?.settings.overlay).toEqual({
      at: { path: "c/cart.yaml", line: 2 },
      namePrefix: "a-",
      patches: [{ patch: "x", target: { kind: "A" } }],
      images: [{ name: "a", newTag: "1" }],
      components: ["../extra", "../gone"],
      ignoreMissingComponents: true,
      buildMetadata: ["originAnnotations"],
      commonMetadata: { labels: { team: "a" }, annotations: {} },
    });
    expect(other?.settings).not.toHaveProperty("overlay");
  });

  test("one that changes the Kustomizations it applies cannot be taken apart, and says so", () => {
    const discovery = found(
      {
        "clusters/dev/all.yaml": flux(
          "flux-system/all",
          "./clusters/dev",
          "  patches: [{patch: x}]\n  namePrefix: a-\n",
        ),
        "clusters/dev/a/x.yaml": flux("a/x", "dev/x"),
      },
      "clusters/dev",
    );
    expect(ids(discovery)).toEqual(["a/x"]);
    expect(discovery.broken.map(({ id, failures }) => [id, failures.map(({ code }) => code)])).toEqual([
      ["flux-system/all", ["service/unsupported-field", "service/unsupported-field"]],
    ]);
  });

  test("the components that one adds are no services, nor is what they take in", () => {
    const discovery = found({
      "c/x.yaml": flux("a/x", "./x", "  components: [../extra]\n"),
      "extra/kustomization.yaml": "kind: Component\nresources: [../base]\n",
      "base/kustomization.yaml": kustomization(),
    });
    expect(ids(discovery)).toEqual(["a/x"]);
    expect(discovery.ignored).toEqual([]);
  });

  test("kustomize's own kind of the same name is none", () => {
    expect(
      ids(found({ "c/k.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" }, "c")),
    ).toEqual([]);
  });

  test.each([
    ["  postBuild: {substitute: {a: b}}\n", "service/unsupported-field", "spec.postBuild"],
    ["  decryption: {provider: sops}\n", "service/unsupported-field", "spec.decryption"],
    ["  deletionPolicy: Never\n", "service/invalid-field", "spec.deletionPolicy"],
    ["  force: often\n", "service/invalid-field", "spec.force"],
    ["  retryInterval: soon\n", "service/invalid-field", "spec.retryInterval"],
    [
      "  patchesStrategicMerge: [{kind: A, apiVersion: v1, metadata: {name: a}}]\n",
      "service/unsupported-field",
      "spec.patchesStrategicMerge is no field of",
    ],
    ["  healthCheckExprs: [{kind: A, current: x}]\n", "service/unsupported-field", "spec.healthCheckExprs"],
    ["  wait: often\n", "service/invalid-field", "spec.wait is neither true nor false"],
    ["  healthChecks: all\n", "service/invalid-field", "spec.healthChecks is no list"],
    ["  healthChecks: [{kind: A}]\n", "service/invalid-field", "spec.healthChecks[0].name is missing"],
    ["  healthChecks: [{name: a}]\n", "service/invalid-field", "spec.healthChecks[0].kind is missing"],
    ["  healthChecks: [{kind: A, name: a, current: x}]\n", "service/invalid-field", "spec.healthChecks[0].current"],
    ["  somethingNew: 1\n", "service/unsupported-field", "spec.somethingNew"],
    ["  targetNamespace: 7\n", "service/invalid-field", "spec.targetNamespace"],
    ["  timeout: soon\n", "service/invalid-field", "spec.timeout"],
    ["  dependsOn: [{namespace: x}]\n", "service/invalid-field", "spec.dependsOn[0]"],
    ["  namePrefix: 1\n", "service/invalid-field", "spec.namePrefix is no string"],
    ["  images: none\n", "service/invalid-field", "spec.images is no list"],
    ["  patches: [{target: {kind: A}}]\n", "service/invalid-field", "spec.patches[0].patch is missing"],
    ["  patches: [{patch: 1}]\n", "service/invalid-field", "spec.patches[0].patch is no string"],
    ["  patches: [{path: x.yaml, patch: a}]\n", "service/invalid-field", "spec.patches[0].path is no field"],
    [
      "  patches: [{patch: a, target: {kind: 1}}]\n",
      "service/invalid-field",
      "spec.patches[0].target.kind is no string",
    ],
    ["  images: [{newTag: a}]\n", "service/invalid-field", "spec.images[0].name is missing"],
    ["  images: [{name: a, newTag: 1.0}]\n", "service/invalid-field", "spec.images[0].newTag is no string"],
    ["  components: [https://example.com/x]\n", "service/invalid-field", "spec.components[0]"],
    ["  components: [/x]\n", "service/invalid-field", "spec.components[0]"],
    ["  buildMetadata: [all]\n", "service/invalid-field", "spec.buildMetadata[0]"],
    ["  ignoreMissingComponents: 1\n", "service/invalid-field", "spec.ignoreMissingComponents"],
    ["  commonMetadata: {labels: {a: 1}}\n", "service/invalid-field", "spec.commonMetadata.labels.a is no string"],
    ["  commonMetadata: [a]\n", "service/invalid-field", "spec.commonMetadata is no map"],
  ])("D17 %s fails that service alone", (more, code, field) => {
    const discovery = found({ "c/bad.yaml": flux("a/bad", "x", more), "c/good.yaml": flux("a/good", "y") }, "c");
    expect(ids(discovery)).toEqual(["a/good"]);
    expect(discovery.broken).toMatchObject([
      { id: "a/bad", at: { path: "c/bad.yaml", line: 1 }, failures: [{ code, at: { path: "c/bad.yaml" } }] },
    ]);
    const lines = flux("a/bad", "x", more).split("\n");
    const at = discovery.broken[0]?.failures[0]?.at?.line ?? 0;
    const last = field.split(/[.[\] ]+/).filter((part) => /^[a-z]+$/i.test(part))[1] ?? "";
    expect(lines[at - 1], "the line that it names").toContain(last);
    expect(discovery.broken[0]?.failures[0]?.message).toContain(field);
    expect(discovery.complete).toBe(true);
  });

  test("a field of a definition is told with its own line and column, of each document of a file", () => {
    const bad = flux(
      "a/bad",
      "x",
      "  images:\n    - name: a\n      newTag: 1.0\n  postBuild:\n    substitute: {a: b}\n",
    );
    const discovery = found({ "c/all.yaml": `${flux("a/good", "y")}---\n${bad}` }, "c");
    const lines = `${flux("a/good", "y")}---\n${bad}`.split("\n");
    const places = discovery.broken[0]?.failures.map(({ at }) =>
      lines[(at?.line ?? 0) - 1]?.slice((at?.column ?? 0) - 1),
    );
    expect(places?.sort()).toEqual(["newTag: 1.0", "postBuild:"]);
  });

  test.each([
    "wait: false",
    "force: false",
    "patches: []",
    "postBuild: {}",
    "deletionPolicy: MirrorPrune",
    "retryInterval: 1m",
  ])("%s changes nothing and is fine", (line) => {
    expect(ids(found({ "c/x.yaml": flux("a/x", "y", `  ${line}\n`) }, "c"))).toEqual(["a/x"]);
  });

  test.each(["../..", "./a/../../b"])("path %s leaves the repository and fails that service", (path) => {
    const discovery = found({ "c/x.yaml": flux("a/x", path) }, "c");
    expect(discovery.broken).toMatchObject([{ id: "a/x", failures: [{ code: "service/path-outside-repository" }] }]);
  });

  test("a folder that is not there is that service's failure, not an empty service", () => {
    const discovery = found({ "c/x.yaml": flux("a/x", "./gone"), "c/y.yaml": flux("a/y", "y") }, "c");
    expect(discovery.broken).toMatchObject([{ id: "a/x", failures: [{ code: "service/folder-not-found" }] }]);
  });

  test("one that applies other Kustomizations is taken apart, not applied", () => {
    const discovery = found(
      {
        "clusters/dev/all.yaml": flux("flux-system/all", "./clusters/dev"),
        "clusters/dev/a/x.yaml": flux("a/x", "dev/x"),
      },
      "clusters/dev",
    );
    expect(ids(discovery)).toEqual(["a/x"]);
    expect(discovery.ignored.map(({ at }) => at.path)).toEqual(["clusters/dev/all.yaml"]);
  });

  test("two with one id are both broken, everybody else is not", () => {
    const discovery = found(
      { "c/1.yaml": flux("a/x", "one"), "c/2.yaml": flux("a/x", "two"), "c/3.yaml": flux("a/y", "z") },
      "c",
    );
    expect(ids(discovery)).toEqual(["a/y"]);
    expect(discovery.broken).toMatchObject([{ id: "a/x", failures: [{ code: "service/duplicate-id" }] }]);
    expect(discovery.broken[0]?.failures[0]?.message).toContain("c/1.yaml:1 and in c/2.yaml:1");
  });

  test("a file that cannot be read may define services, so the discovery is not complete", () => {
    const discovery = found({ "c/1.yaml": `${flux("a/x", "one")}\n  : [`, "c/2.yaml": flux("a/y", "z") }, "c");
    expect(ids(discovery)).toEqual(["a/y"]);
    expect(discovery.broken).toMatchObject([{ id: "c/1.yaml" }]);
    expect(discovery.complete).toBe(false);
  });

  test("objects beside them are one more service; what configures Flux is left alone", () => {
    const discovery = found(
      {
        "clusters/dev/a/x.yaml": flux("a/x", "dev/x"),
        "clusters/dev/namespaces.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        "clusters/dev/source.yaml":
          "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: config}\n",
        "clusters/dev/flux-system/gotk-components.yaml": configMap("flux"),
      },
      "clusters/dev",
    );
    expect(ids(discovery)).toEqual(["a/x", "clusters/dev"]);
    expect(discovery.services[1]?.declared?.map(({ manifest, at }) => [manifest.metadata.name, at.path])).toEqual([
      ["a", "clusters/dev/namespaces.yaml"],
    ]);
    expect(discovery.ignored.map(({ at }) => at.path)).toEqual(["clusters/dev/source.yaml"]);
  });

  test("the files of a base that a service beside them takes in are no objects as they stand", () => {
    const discovery = found(
      {
        "c/shop.yaml": flux("shop/cart", "releases/cart"),
        "c/web/overlay/kustomization.yaml": kustomization("../base"),
        "c/web/base/kustomization.yaml": kustomization("settings.yaml"),
        "c/web/base/settings.yaml": configMap("settings"),
      },
      "c",
    );
    expect(ids(discovery)).toEqual(["c/web/overlay", "shop/cart"]);
  });

  test("the items of a List are documents like any other", () => {
    const items = [flux("shop/cart", "releases/cart"), configMap("settings")]
      .map((text) => `- ${text.trimEnd().replaceAll("\n", "\n  ")}\n`)
      .join("");
    const discovery = found(
      { "c/all.yaml": `apiVersion: v1\nkind: List\nitems:\n${items}`, "releases/cart/a": "" },
      "c",
    );
    expect(ids(discovery)).toEqual(["c", "shop/cart"]);
    expect(discovery.services[0]?.declared?.map(({ manifest }) => manifest.metadata.name)).toEqual(["settings"]);
  });

  test("a broken file among those objects makes them unknown, and no service", () => {
    const discovery = found(
      {
        "clusters/dev/a/x.yaml": flux("a/x", "dev/x"),
        "clusters/dev/n.yaml": configMap("settings"),
        "clusters/dev/bad.yaml": "a: [",
      },
      "clusters/dev",
    );
    expect(ids(discovery)).toEqual(["a/x"]);
    expect(discovery.broken).toMatchObject([{ id: "clusters/dev", failures: [{ code: "build/malformed-yaml" }] }]);
    expect(discovery.broken[0]?.sources).toEqual(["clusters/dev/bad.yaml", "clusters/dev/n.yaml"]);
    expect(discovery.complete).toBe(true);
  });

  test("an object whose name is no text in YAML makes them unknown, too", () => {
    const files = { "c/a/x.yaml": flux("a/x", "dev/x"), "c/m.yaml": configMap("m"), "c/off.yaml": configMap("off") };
    const discovery = found(files, "c");
    expect(ids(discovery)).toEqual(["a/x"]);
    expect(discovery.broken).toMatchObject([{ id: "c", failures: [{ code: "build/invalid-object" }] }]);
  });

  test("objects in the file of a document that is broken and changes its build stay a service", () => {
    const broken = flux("a/x", "dev/x", "  namePrefix: a-\n  postBuild: {substitute: {a: b}}\n");
    const discovery = found({ "c/x.yaml": `${broken}---\n${configMap("beside")}` }, "c");
    expect(discovery.services.map(({ id, declared }) => [id, declared?.length])).toEqual([["c", 1]]);
    expect(discovery.broken).toMatchObject([{ id: "a/x", sources: ["dev/x", "c/x.yaml"] }]);
  });

  test("broken documents leave the objects beside them a service", () => {
    const discovery = found(
      {
        "clusters/dev/a/x.yaml": flux("a/x", "dev/x", "  unheardOf: {a: b}\n"),
        "clusters/dev/n.yaml": configMap("settings"),
      },
      "clusters/dev",
    );
    expect(ids(discovery)).toEqual(["clusters/dev"]);
    expect(discovery.broken).toMatchObject([{ id: "a/x" }]);
  });
});

describe("plain folders", () => {
  test("are services when nothing else includes them", () => {
    const discovery = found({
      "apps/cart/base/kustomization.yaml": kustomization("cart.yaml"),
      "apps/cart/base/cart.yaml": configMap("cart"),
      "apps/cart/overlays/dev/kustomization.yaml": kustomization("../../base"),
      "apps/cart/overlays/prod/kustomization.yml": "bases: [../../base]\ncomponents: [../../tls]\n",
      "apps/cart/tls/kustomization.yaml": "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n",
      "apps/solo/Kustomization": kustomization("solo.yaml"),
      "apps/solo/solo.yaml": configMap("solo"),
      "docs/values.yaml": "a: 1\n",
    });
    expect(ids(discovery)).toEqual(["apps/cart/overlays/dev", "apps/cart/overlays/prod", "apps/solo"]);
  });

  test("below a path only, and not those that a Flux Kustomization builds or includes", () => {
    const discovery = found({
      "clusters/dev/a/x.yaml": flux("a/x", "./overlays/x"),
      "overlays/x/kustomization.yaml": kustomization("../../base"),
      "base/kustomization.yaml": kustomization(),
      "other/kustomization.yaml": kustomization(),
    });
    expect(ids(discovery)).toEqual(["a/x", "other"]);
  });

  test("a component that nobody includes is no service", () => {
    const discovery = found({ "c/kustomization.yaml": "kind: Component\n", "d/kustomization.yaml": kustomization() });
    expect(ids(discovery)).toEqual(["d"]);
    expect(discovery.ignored.map(({ at }) => at.path)).toEqual(["c/kustomization.yaml"]);
  });

  test("folders that only include each other are shown as one, so that the cycle is reported", () => {
    expect(
      ids(found({ "a/kustomization.yaml": kustomization("../b"), "b/kustomization.yaml": kustomization("../a") })),
    ).toEqual(["a"]);
  });

  test("a kustomization that cannot be read still hides the bases that its text names", () => {
    const discovery = found({
      "base/kustomization.yaml": kustomization("x.yaml"),
      "prod/kustomization.yaml": "resources:\n  - ../base\n images: [\n",
    });
    expect(ids(discovery)).toEqual(["prod"]);
  });

  test("the repository's root can be one", () => {
    expect(
      ids(found({ "kustomization.yaml": kustomization("sub"), "sub/kustomization.yaml": kustomization() })),
    ).toEqual(["."]);
  });
});

test("content is asked for in rounds until everything is there", () => {
  const files = {
    "clusters/dev/a/x.yaml": flux("a/x", "overlays/x"),
    "overlays/x/kustomization.yaml": kustomization("../../clusters/dev/base"),
    "clusters/dev/base/kustomization.yaml": kustomization(),
  };
  const tree = memoryTree(files);
  const loaded = new Set<string>();
  const rounds: (readonly string[])[] = [];
  for (;;) {
    const step = discover(tree, "clusters/dev", (id) => loaded.has(id));
    if (step.kind === "done") {
      expect(ids(step.discovery)).toEqual(["a/x"]);
      break;
    }
    if (step.kind === "refused") throw new Error(step.failure.message);
    rounds.push(step.paths);
    for (const path of step.paths) loaded.add(tree.entry(path)?.id ?? "");
  }
  expect(rounds).toEqual([
    ["clusters/dev/a/x.yaml", "clusters/dev/base/kustomization.yaml"],
    ["overlays/x/kustomization.yaml"],
  ]);
});

test("a file too large to be searched may define services, unless it lies in a service's folder", () => {
  const huge = `# ${"x".repeat(1024 * 1024)}\n`;
  const inside = found({ "c/x.yaml": flux("a/x", "c/folder"), "c/folder/crds.yaml": huge }, "c");
  expect(inside.complete).toBe(true);
  const outside = found({ "c/x.yaml": flux("a/x", "folder"), "c/other.yaml": huge }, "c");
  expect(ids(outside)).toEqual(["a/x"]);
  expect(outside.broken).toMatchObject([{ id: "c/other.yaml", failures: [{ code: "build/too-large" }] }]);
  expect(outside.complete).toBe(false);
});
