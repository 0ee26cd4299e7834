import { expect, test } from "vitest";
import type { HealthCheck } from "../../src/model/index.ts";
import { readHealthChecks } from "../../src/services/health-checks.ts";

const NAMED = { kind: "Deployment", name: "cart" };

test.each<readonly [string, object, Partial<HealthCheck>]>([
  [
    "the group of an apiVersion",
    { apiVersion: "helm.example.org/v2", kind: "Release", name: "x" },
    { group: "helm.example.org" },
  ],
  ["the core group", { apiVersion: "v1", kind: "Service", name: "x" }, { group: "" }],
  ["apps/v1, when it names none", NAMED, { group: "apps" }],
  ["its own namespace", { ...NAMED, namespace: "shop" }, { namespace: "shop" }],
  ["the namespace of its document, when it names none", NAMED, { namespace: "flux-system" }],
])("an object to wait for is in %s", (_, entry, expected) => {
  const failures: string[] = [];
  const checks = readHealthChecks({ healthChecks: [{ ...entry }] }, "flux-system", (_code, _field, says) =>
    failures.push(says),
  );
  expect(failures).toEqual([]);
  expect(checks).toMatchObject([expected]);
});
