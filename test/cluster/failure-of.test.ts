import { describe, expect, test } from "vitest";
import { problemFailure, readOnly } from "../../src/cluster/index.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { saysNoSuchObject, statusProblem, timeoutProblem, transportProblem } from "../../src/cluster/problem.ts";
import type { Json } from "../../src/model/index.ts";

const write = { write: true, secret: false };
const status = (message: string, more: Record<string, Json> = {}): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", message, ...more });

describe("what a reply says", () => {
  test("reason, causes and Retry-After are kept", () => {
    const details = { causes: [{ reason: "FieldValueInvalid", field: "spec.replicas", message: "must be 0 or more" }] };
    expect(statusProblem(422, status("it is invalid", { reason: "Invalid", details }), "3", write)).toEqual({
      kind: "status",
      status: 422,
      reason: "Invalid",
      message: "it is invalid",
      causes: details.causes,
      retryAfterMs: 3_000,
      ambiguous: false,
    });
    const asked = status("later", { details: { retryAfterSeconds: 2 } });
    expect(statusProblem(500, asked, undefined, write)).toMatchObject({ retryAfterMs: 2_000, ambiguous: true });
  });

  test("a body that is no Status is quoted in one line, without what could steer a terminal", () => {
    const odd = statusProblem(502, "bad\u001b[31m\n  gateway\u202e", undefined, { write: false, secret: false });
    expect(odd).toMatchObject({ message: "bad [31m gateway", causes: [], ambiguous: false });
    expect(statusProblem(503, "", undefined, write).message).toBe("HTTP 503");
  });

  test("only the API server's own word on an object counts as its absence", () => {
    const named = { reason: "NotFound", details: { name: "x", kind: "configmaps" } };
    expect(saysNoSuchObject(status('configmaps "x" not found', named), "x")).toBe(true);
    expect(saysNoSuchObject(status('configmaps "y" not found', named), "y")).toBe(false);
    expect(
      saysNoSuchObject(
        status("the server could not find the requested resource", { reason: "NotFound", details: {} }),
        "x",
      ),
    ).toBe(false);
    expect(saysNoSuchObject("404 page not found", "x")).toBe(false);
    expect(saysNoSuchObject("<html>", "x")).toBe(false);
  });

  test("a write is ambiguous when the server may have got it", () => {
    const error = (code: string) => Object.assign(new Error(code), { code });
    const ambiguous = (code: string) => transportProblem(error(code), { write: true }).ambiguous;
    expect(["ECONNRESET", "UND_ERR_SOCKET", "EPIPE"].map(ambiguous)).toEqual([true, true, true]);
    expect(["ECONNREFUSED", "ENOTFOUND", "CERT_HAS_EXPIRED"].map(ambiguous)).toEqual([false, false, false]);
    expect(transportProblem(error("ECONNRESET"), { write: false }).ambiguous).toBe(false);
    expect(transportProblem(new AggregateError([error("ECONNREFUSED")]), { write: true }).ambiguous).toBe(false);
  });
});

describe("the failure to report", () => {
  const ref = { group: "apps", kind: "Deployment", namespace: "shop", name: "web" };
  const immutable =
    'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable';
  const table: readonly (readonly [string, number, string, Parameters<typeof problemFailure>[1]["verb"], string])[] = [
    ["not logged in", 401, "Unauthorized", "apply", "cluster/unauthorized"],
    [
      "no right to write",
      403,
      'deployments.apps "web" is forbidden: User "x" cannot patch',
      "apply",
      "apply/forbidden",
    ],
    ["no right to list", 403, "deployments.apps is forbidden", "list", "cluster/forbidden"],
    ["no right to delete", 403, "deployments.apps is forbidden", "delete", "cluster/forbidden"],
    [
      "a namespace that goes",
      403,
      "unable to create new content in namespace shop because it is being terminated",
      "apply",
      "apply/missing-namespace",
    ],
    [
      "a webhook that denies",
      403,
      'admission webhook "w.example.com" denied the request: no',
      "apply",
      "apply/webhook",
    ],
    [
      "a webhook that denies with its own status",
      400,
      'admission webhook "w.example.com" denied the request: no',
      "patch",
      "apply/webhook",
    ],
    [
      "a webhook that is down",
      500,
      'Internal error occurred: failed calling webhook "w.example.com": no endpoints',
      "apply",
      "apply/webhook",
    ],
    [
      "a webhook that is slow",
      504,
      'failed calling webhook "w.example.com": context deadline exceeded',
      "apply",
      "apply/webhook",
    ],
    [
      "a conversion webhook that is down",
      503,
      "conversion webhook for example.com/v1 failed",
      "apply",
      "apply/webhook",
    ],
    ["no namespace", 404, 'namespaces "shop" not found', "apply", "apply/missing-namespace"],
    ["no such kind", 404, "the server could not find the requested resource", "apply", "apply/unknown-kind"],
    ["a conflict", 409, 'Apply failed with 1 conflict: conflict with "x": .spec.replicas', "apply", "apply/conflict"],
    [
      "a delete that came too late",
      409,
      "the UID in the precondition does not match",
      "delete",
      "prune/changed-since-read",
    ],
    ["a delete that the server refuses", 500, "boom", "delete", "prune/failed"],
    ["too large", 413, "request entity too large", "apply", "apply/invalid"],
    ["invalid", 422, "spec.replicas: must be 0 or more", "apply", "apply/invalid"],
    ["immutable", 422, immutable, "apply", "apply/immutable"],
    [
      "a field not in the schema",
      500,
      "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.x: field not declared in schema",
      "apply",
      "apply/invalid",
    ],
    ["a server error", 500, "boom", "apply", "apply/failed"],
    ["throttled", 429, "too many requests", "list", "cluster/throttled"],
    ["not ready", 503, "no endpoints available", "list", "cluster/unreachable"],
    ["a failed list", 500, "boom", "list", "cluster/list-failed"],
    ["failed discovery", 500, "boom", "discover", "cluster/discovery-failed"],
  ];
  test.each(table)("%s: %i", (_what, code, message, verb, failure) => {
    const made = problemFailure(statusProblem(code, status(message), undefined, write), { verb, what: ref });
    expect(made.code).toBe(failure);
    expect(made.object).toBe("apps/Deployment shop/web");
    expect(made.message).toMatch(/^[a-z]+ apps\/Deployment shop\/web: \S.*[^.]$/);
    expect(made.remedy).toMatch(/^\S.*[^.]$/);
  });

  test("a template that the server quotes whole is left out in the middle", () => {
    const quoted = `core.PodTemplateSpec{${"ObjectMeta: v1.ObjectMeta{}, ".repeat(60)}}`;
    const words = `Job.batch "migrate" is invalid: spec.template: Invalid value: ${quoted}: field is immutable`;
    const made = problemFailure(statusProblem(422, status(words), undefined, write), { verb: "apply", what: ref });
    expect(made.code).toBe("apply/immutable");
    expect(made.message.length).toBeLessThan(700);
    expect(made.message).toMatch(
      /^apply apps\/Deployment shop\/web: job\.batch "migrate" is invalid: spec\.template: .* … .*: field is immutable$/,
    );
  });

  test("a timeout and an unreachable server are no one object's fault", () => {
    const late = timeoutProblem(30_000, { write: true });
    expect(problemFailure(late, { verb: "list", what: "ConfigMap" })).toEqual({
      code: "cluster/timeout",
      message: "list ConfigMap: no answer within 30 s",
      remedy: expect.any(String),
    });
    expect(problemFailure(transportProblem(new Error("gone"), write), { verb: "apply" }).code).toBe(
      "cluster/unreachable",
    );
  });
});

describe("a Secret's values", () => {
  const canary = "hunter2";
  const secret = { write: true, secret: true };
  const said: readonly string[] = [
    `Secret "s" is invalid: data[a]: Invalid value: "${canary}": bad`,
    `failed to create typed patch object (n/s; /v1, Kind=Secret): .stringData.a: expected string, got &value{"${canary}"}`,
    `admission webhook "w.example.com" denied the request: field is immutable ${canary}`,
    `admission webhook "w" denied the request: Apply failed with 1 conflict: ${canary}`,
    `secrets "s" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ${canary}`,
    `Internal error occurred: failed calling webhook "w.example.com": ${canary}`,
    canary,
  ];
  test.each(said)("are not in: %s", (message) => {
    const details = {
      causes: [{ reason: "FieldValueInvalid", field: "data[a]", message: `Invalid value: "${canary}"` }],
    };
    const made = statusProblem(422, status(message, { reason: "Invalid", details }), undefined, secret);
    expect(JSON.stringify(made)).not.toContain(canary);
    expect(made.causes).toMatchObject([{ reason: "FieldValueInvalid", field: "data[a]" }]);
  });

  const kept: readonly string[] = [
    'namespaces "shop" not found',
    'secrets "s" is forbidden: User "x" cannot patch resource "secrets" in API group "" in the namespace "shop"',
    'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a',
    "failed to create typed patch object (shop/s; /v1, Kind=Secret): .dat: field not declared in schema",
  ];
  test.each(kept)("what cannot hold one is kept: %s", (message) => {
    expect(statusProblem(403, status(message), undefined, secret).message).toBe(message);
  });
});

describe("a cluster that is only read", () => {
  const reached: string[] = [];
  const touch = (verb: string) => async () => {
    reached.push(verb);
    return { ok: true, value: "reached" };
  };
  const verbs = { get: touch("get"), apply: touch("apply"), patch: touch("patch"), remove: touch("remove") };
  const cluster = readOnly(verbs as unknown as Cluster);
  const kind = {
    group: "",
    version: "v1",
    versions: ["v1"],
    kind: "ConfigMap",
    resource: "configmaps",
    namespaced: true,
    verbs: [],
  };
  const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "y" } };
  const signal = new AbortController().signal;
  const seen = { uid: "u", resourceVersion: "1", propagation: "Background" } as const;

  test("lets reads and dry runs through, and no write", async () => {
    const as = { fieldManager: "gitops", force: true };
    const refused = [
      await cluster.apply(kind, manifest, as, signal),
      await cluster.patch(kind, "y", "x", "application/merge-patch+json", {}, signal),
      await cluster.remove(kind, "y", "x", seen, signal),
    ];
    expect(refused).toMatchObject(refused.map(() => ({ ok: false, problem: { status: 405 } })));
    expect(reached).toEqual([]);
    await cluster.get(kind, "y", "x", signal);
    await cluster.apply(kind, manifest, { ...as, dryRun: true }, signal);
    await cluster.remove(kind, "y", "x", { ...seen, dryRun: true }, signal);
    expect(reached).toEqual(["get", "apply", "remove"]);
  });
});
