import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS, type Failure, placeText, type Service, type Tree } from "../../src/model/index.ts";
import { SERVICE_FIELDS } from "../../src/policy/index.ts";
import { discover, findPolicy } from "../../src/services/index.ts";
import { diskTree, memoryTree } from "../support/disk-tree.ts";

const ROOT = "fixtures/settings";

const failureText = ({ code, message, remedy, at }: Failure): string =>
  `${at === undefined ? "" : `${placeText(at)}: `}${code}: ${message}; ${remedy}`;

/** Settings that are not as usual or are written somewhere, each with the place. */
function settingLines({ settings, settingsFrom = {} }: Service): readonly string[] {
  const usual: Readonly<Record<string, unknown>> = { ...DEFAULT_SETTINGS };
  const places: Readonly<Record<string, Failure["at"]>> = settingsFrom;
  return Object.entries(settings).flatMap(([name, value]) => {
    const at = places[name];
    if (at === undefined && JSON.stringify(value) === JSON.stringify(usual[name])) return [];
    return [`  ${name}: ${JSON.stringify(value)}${at === undefined ? "" : ` # ${placeText(at)}`}`];
  });
}

/** What a repository's settings come to, as it is written in the cases. */
function outcomeOf(tree: Tree, path: string): readonly string[] {
  const found = findPolicy(tree, path, () => true);
  if (found.kind !== "found") throw new Error("everything is loaded");
  if (!found.policy.ok) return ["the run fails", ...found.policy.failures.map((one) => `  ${failureText(one)}`)];
  const { file, breaker, protect, rewrites } = found.policy.value;
  const step = discover(tree, path, () => true, undefined, found.policy.value);
  if (step.kind !== "done") throw new Error("everything is loaded");
  const { services, broken, complete } = step.discovery;
  expect(complete).toBe(true);
  return [
    `settings: ${file ?? "none"}`,
    ...Object.entries(breaker).map(([name, limit]) => `breaker ${name}: ${JSON.stringify(limit)}`),
    ...(protect.size === 0 ? [] : [`protected: ${[...protect.keys()].join(", ")}`]),
    ...(rewrites === "hold" ? [] : [`rewrites: ${rewrites}`]),
    ...services.flatMap((service) => [`service ${service.id}`, ...settingLines(service)]),
    ...broken.flatMap(({ id, failures }) => [`broken ${id}`, ...failures.map((one) => `  ${failureText(one)}`)]),
  ];
}

describe("what gitops.yaml says, and what is wrong with it", () => {
  const cases = readdirSync(ROOT);

  test("there are cases", () => {
    expect(cases.length).toBeGreaterThan(25);
  });

  test.each(cases)("%s", (name) => {
    const at = `${ROOT}/${name}/path`;
    const path = existsSync(at) ? readFileSync(at, "utf8").trim() : "";
    const outcome = outcomeOf(diskTree(`${ROOT}/${name}/in`), path);
    expect(`${outcome.join("\n")}\n`).toBe(readFileSync(`${ROOT}/${name}/want.txt`, "utf8"));
  });
});

describe("whatever a settings file holds", () => {
  const folder = { "shop/kustomization.yaml": "resources: []\n" };
  const fields = ["apiVersion", "kind", "defaults", "services", "match", "breaker", "run", "protect", "tenantFrom"];
  /** Values that look like settings, and are mostly wrong. */
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<fc.JsonValue>(
        true,
        null,
        0.5,
        -1,
        1e300,
        "50%",
        "10m",
        "*",
        "!",
        "{a,",
        "[",
        "label:",
        "Settings",
      ),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...fields, ...SERVICE_FIELDS, "free", "max", "__proto__"), tie("any"), {
        maxKeys: 4,
      }),
    ),
  })).any;

  test("it is read, or it is a failure with a place; it never throws, and never fails another service", () => {
    fc.assert(
      fc.property(fc.oneof(value, fc.jsonValue()), (any) => {
        const text = JSON.stringify(any);
        const root = findPolicy(memoryTree({ ...folder, "gitops.yaml": text }), "", () => true);
        if (root.kind !== "found") throw new Error("everything is loaded");
        if (!root.policy.ok) expect(root.policy.failures.filter(({ at }) => at?.line === undefined)).toEqual([]);
        const other = { "post/kustomization.yaml": "resources: []\n" };
        const policy = root.policy.ok ? root.policy.value : undefined;
        const tree = memoryTree({ ...folder, ...other, "shop/gitops.yaml": text });
        expect(discover(tree, "", () => true, undefined, policy).kind).toBe("done");
        const alone = discover(tree, "", () => true);
        expect(alone).toMatchObject({ discovery: { complete: true, services: expect.arrayContaining([]) } });
        if (alone.kind === "done") expect(alone.discovery.services.map(({ id }) => id)).toContain("post");
      }),
    );
  });

  test.each([
    ["a symbolic link", { "gitops.yaml": { symlink: "elsewhere" } }],
    ["a folder", { "gitops.yaml/a": "" }],
    ["a file of more than 1024 KiB", { "gitops.yaml": "#".repeat(1024 * 1024 + 1) }],
  ])("%s of its name is a failure and not no settings", (what, files) => {
    const found = findPolicy(memoryTree({ ...folder, ...files }), "", () => true);
    expect(found).toMatchObject({ kind: "found", policy: { ok: false } });
    const inFolder = Object.fromEntries(Object.entries(files).map(([path, file]) => [`shop/${path}`, file]));
    const step = discover(memoryTree({ ...folder, ...inFolder }), "", () => true);
    expect(step).toMatchObject({
      discovery: { broken: [{ id: "shop", failures: [{ code: "service/invalid-settings" }] }] },
    });
    expect(JSON.stringify(step)).toContain(`is ${what}`);
  });

  test("in a folder that is part of another it is for nobody, which is told", () => {
    const tree = memoryTree({
      "shop/kustomization.yaml": "resources: [cart]\n",
      "shop/cart/kustomization.yaml": "",
      "shop/cart/gitops.yaml": "suspend: true\n",
    });
    expect(discover(tree, "", () => true)).toMatchObject({
      discovery: {
        services: [{ id: "shop", settings: { suspend: false } }],
        ignored: [
          {
            at: { path: "shop/cart/gitops.yaml" },
            why: "named like settings, but its folder is not that of a service",
          },
        ],
      },
    });
  });

  test("an empty list is none, and neither is a file with the other ending: that is told", () => {
    expect(findPolicy(memoryTree({ ...folder, "gitops.yaml": "[]\n" }), "", () => true)).toMatchObject({
      policy: { ok: false, failures: [{ code: "usage/invalid-settings", at: { path: "gitops.yaml", line: 1 } }] },
    });
    const tree = memoryTree({ ...folder, "gitops.yml": "x: 1\n", "shop/gitops.yml": "x: 1\n" });
    for (const path of ["", "shop"]) {
      const step = discover(tree, path, () => true);
      const ignored = step.kind === "done" ? step.discovery.ignored : [];
      expect(ignored.map(({ at, why }) => `${at.path}: ${why}`).sort()).toEqual([
        "gitops.yml: not read: settings are in files named gitops.yaml",
        "shop/gitops.yml: not read: settings are in files named gitops.yaml",
      ]);
    }
  });

  test("its content is asked for before anything else is looked at", () => {
    const tree = memoryTree({ "dev/gitops.yaml": "", "gitops.yaml": "" });
    expect(findPolicy(tree, "dev", () => false)).toEqual({ kind: "needs", paths: ["dev/gitops.yaml"] });
  });
});
