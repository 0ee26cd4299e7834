import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/model/index.ts";
import { READ_FIELDS, readFlux } from "../../src/services/flux.ts";

/** The rows of the table of fields in docs/flux.md. */
const rows = [...readFileSync("docs/flux.md", "utf8").matchAll(/^\| `(\w+)` +\| (honoured|ignored|refused) +\|/gm)].map(
  ([, field = "", here = ""]) => ({ field, here }),
);

/** A value of each field that says something, and what it needs beside it to do so. */
const examples: Readonly<Record<string, { readonly value: JsonObject[string]; readonly beside?: JsonObject }>> = {
  path: { value: "./elsewhere" },
  prune: { value: true },
  suspend: { value: true },
  dependsOn: { value: [{ name: "other" }] },
  interval: { value: "3m" },
  timeout: { value: "4m" },
  targetNamespace: { value: "there" },
  namePrefix: { value: "a-" },
  nameSuffix: { value: "-a" },
  patches: { value: [{ patch: "x" }] },
  patchesStrategicMerge: { value: [{ apiVersion: "v1", kind: "A", metadata: { name: "a" } }] },
  patchesJson6902: { value: [{ target: { kind: "A" }, patch: [{ op: "remove", path: "/a" }] }] },
  components: { value: ["../a"] },
  ignoreMissingComponents: { value: true, beside: { components: ["../a"] } },
  images: { value: [{ name: "a", newTag: "1" }] },
  buildMetadata: { value: ["originAnnotations"] },
  commonMetadata: { value: { labels: { a: "b" } } },
  sourceRef: { value: { kind: "GitRepository", name: "config" } },
  retryInterval: { value: "1m" },
  validation: { value: "client" },
  postBuild: { value: { substitute: { a: "b" } } },
  decryption: { value: { provider: "sops" } },
  kubeConfig: { value: { secretRef: { name: "a" } } },
  serviceAccountName: { value: "a" },
  wait: { value: true },
  healthChecks: { value: [{ apiVersion: "v1", kind: "A", name: "a" }] },
  healthCheckExprs: { value: [{ apiVersion: "v1", current: "true" }] },
  force: { value: true },
  deletionPolicy: { value: "Orphan" },
  ignore: { value: "*.md" },
};

function read(spec: JsonObject, version = "v1beta2"): ReturnType<typeof readFlux> {
  const document = {
    apiVersion: `kustomize.toolkit.fluxcd.io/${version}`,
    kind: "Kustomization",
    metadata: { name: "a" },
    spec,
  };
  return readFlux(document, { path: "a.yaml", line: 1 });
}

describe("docs/flux.md says what becomes of every field of a Flux Kustomization", () => {
  test("there is a row and an example for each", () => {
    expect(rows.map(({ field }) => field)).toEqual(Object.keys(examples));
    const taken = rows.filter(({ here }) => here !== "refused").map(({ field }) => field);
    expect(taken.sort()).toEqual([...READ_FIELDS].sort());
  });

  test.each(rows)("$field is $here", ({ field, here }) => {
    const { value = null, beside = {} } = examples[field] ?? {};
    const without = read(beside);
    const reading = read({ ...beside, [field]: value });
    expect(without.ok).toBe(true);
    if (here === "ignored") expect(reading).toEqual(without);
    else if (here === "honoured") {
      expect(reading.ok).toBe(true);
      expect(reading).not.toEqual(without);
    } else {
      expect(reading).toMatchObject({ ok: false, failures: [{ code: "service/unsupported-field" }] });
      expect(reading.ok ? "" : reading.failures[0]?.message).toContain(`spec.${field} `);
    }
  });

  test("what is misspelled is no field, and tells which was meant", () => {
    expect(read({ pruen: true })).toMatchObject({
      ok: false,
      failures: [
        {
          code: "service/invalid-field",
          message: "spec.pruen is no field of a Flux Kustomization",
          remedy: "did you mean prune?",
        },
      ],
    });
  });

  test.each(["patchesStrategicMerge", "patchesJson6902"])("v1 has no %s", (field) => {
    expect(read({ [field]: examples[field]?.value ?? null }, "v1")).toMatchObject({
      ok: false,
      failures: [{ code: "service/unsupported-field" }],
    });
  });
});
