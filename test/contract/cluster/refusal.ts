import { expect, test } from "vitest";
import type { Manifest } from "../../../src/model/index.ts";
import { configMap, deployment, type Subject, unique } from "./subject.ts";

/** What is refused, with which status, reason and causes: failures are told apart by them. */
export function refusalCases(s: Subject): void {
  test("a namespace that is not there", async () => {
    const ns = unique("missing");
    const refused = await s.refused(configMap(ns, "x", {}));
    expect(refused).toMatchObject({
      status: 404,
      reason: "NotFound",
      message: `namespaces "${ns}" not found`,
      ambiguous: false,
    });
    expect((await s.refused(configMap(ns, "x", {}), { dryRun: true })).status).toBe(404);
  });

  test("a kind or version that is not served", async () => {
    const ns = await s.namespace();
    const kind = { ...(await s.kind("ConfigMap")), group: "not-served.example.com", resource: "things", kind: "Thing" };
    const manifest: Manifest = {
      apiVersion: "not-served.example.com/v1",
      kind: "Thing",
      metadata: { name: "x", namespace: ns },
    };
    const answer = await s.cluster.apply(kind, manifest, { fieldManager: "gitops", force: true }, s.signal);
    expect(answer).toMatchObject({ ok: false, problem: { kind: "status", status: 404 } });
    const old = { ...deployment(ns, "old"), apiVersion: "apps/v1beta1" };
    expect((await s.refused(old)).status).toBe(404);
  });

  test("values that the kind does not allow, each with its field", async () => {
    const ns = await s.namespace();
    const refused = await s.refused(deployment(ns, "invalid", { replicas: -1 }, { imagePullPolicy: "Sometimes" }));
    expect(refused).toMatchObject({ status: 422, reason: "Invalid", ambiguous: false });
    expect(refused.message).toMatch(/^Deployment\.apps "invalid" is invalid: \[?/);
    expect(refused.causes.map(({ reason, field }) => ({ reason, field }))).toEqual([
      { reason: "FieldValueInvalid", field: "spec.replicas" },
      { reason: "FieldValueNotSupported", field: "spec.template.spec.containers[0].imagePullPolicy" },
    ]);
  });

  test("a field that must be there", async () => {
    const ns = await s.namespace();
    const refused = await s.refused(deployment(ns, "lacking", {}, { image: undefined as unknown as string }));
    expect(refused.causes).toContainEqual({
      reason: "FieldValueRequired",
      field: "spec.template.spec.containers[0].image",
      message: "Required value",
    });
  });

  test("a field that the kind does not have", async () => {
    const ns = await s.namespace();
    const manifest = deployment(ns, "misspelt", { replica: 3 });
    const refused = await s.refused(manifest);
    expect(refused.message).toContain(".spec.replica: field not declared in schema");
    expect(await s.live(manifest)).toBeUndefined();
  });

  test("a value of another type", async () => {
    const refused = await s.refused(configMap(await s.namespace(), "typed", { a: true }));
    expect(refused.message).toContain(".data.a: expected string");
    expect(refused.status).toBeGreaterThanOrEqual(400);
  });

  test("a Secret, without a word of what is in it", async () => {
    const metadata = { name: "typed", namespace: await s.namespace() };
    const secret = { apiVersion: "v1", kind: "Secret", metadata };
    const numeric = await s.refused({ ...secret, data: { pin: 7_654_321 } });
    expect(numeric.message).toContain(".data.pin: expected string");
    const halved = await s.refused({ ...secret, type: "kubernetes.io/tls", data: { "tls.crt": "NzY1NDMyMQ==" } });
    expect(halved).toMatchObject({ status: 422, reason: "Invalid" });
    expect(halved.causes.map(({ field }) => field)).toEqual(["data[tls.key]"]);
    expect(JSON.stringify([numeric, halved])).not.toMatch(/7654321|NzY1NDMyMQ/);
  });

  test("a Secret whose data is not base64, whichever key it is, without a word of what is in it", async () => {
    const metadata = { name: "plain", namespace: await s.namespace() };
    const secret = (data: Readonly<Record<string, string>>): Manifest => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      data,
    });
    for (const text of ["hunter2!", "aHVudGVyMg=", "aHVudGVyMg", "aHVudGVyMg==x", "aHVu=dGVyMg=", "_-8="]) {
      const refused = await s.refused(secret({ good: "Z29vZA==", pin: text }));
      expect(refused, text).toMatchObject({ kind: "status", status: 500, ambiguous: false });
      expect(refused.message, text).toMatch(/illegal base64 data at input byte \d+$/);
      expect(JSON.stringify(refused), text).not.toContain(text);
      expect(await s.live(secret({})), text).toBeUndefined();
    }
    // What Go reads as base64 is taken: line breaks in it, and nothing at all.
    await s.apply(secret({ broken: "aHVu\ndGVy\r\nMg==", none: "" }));
    const was = await s.live(secret({}));
    expect(await s.refused(secret({ broken: "hunter2!" }))).toMatchObject({ status: 500 });
    expect((await s.live(secret({})))?.metadata.resourceVersion).toBe(was?.metadata.resourceVersion);
  });

  test("a name that is no name", async () => {
    const refused = await s.refused(configMap(await s.namespace(), "Not_A_Name", {}));
    expect(refused).toMatchObject({ status: 422, reason: "Invalid" });
    expect(refused.causes).toMatchObject([{ reason: "FieldValueInvalid", field: "metadata.name" }]);
  });

  test("a label value that is no label value", async () => {
    const refused = await s.refused(
      configMap(await s.namespace(), "labelled", {}, { labels: { app: "not allowed!" } }),
    );
    expect(refused).toMatchObject({ status: 422, reason: "Invalid" });
    expect(refused.causes).toMatchObject([{ reason: "FieldValueInvalid", field: "metadata.labels" }]);
  });

  test("a change of a field that cannot change", async () => {
    const ns = await s.namespace();
    await s.apply(deployment(ns, "fixed"));
    const selector = { matchLabels: { app: "other" } };
    const template = {
      metadata: { labels: { app: "other" } },
      spec: { containers: [{ name: "web", image: "example.test/web:1" }] },
    };
    const refused = await s.refused(deployment(ns, "fixed", { selector, template }));
    expect(refused).toMatchObject({ status: 422, reason: "Invalid" });
    expect(refused.causes).toMatchObject([
      { field: "spec.selector", message: expect.stringContaining("field is immutable") },
    ]);
  });

  test("more than a ConfigMap or a Secret may hold", async () => {
    const ns = await s.namespace();
    const most = 1024 * 1024;
    const half = "x".repeat(most / 2);
    await s.apply(configMap(ns, "full", { one: half, two: half }));
    const map = await s.refused(configMap(ns, "fuller", { one: half, two: `${half}x` }));
    expect(map).toMatchObject({ status: 422, reason: "Invalid" });
    expect(map.message).toBe(`ConfigMap "fuller" is invalid: []: Too long: may not be more than ${most} bytes`);
    const held = (bytes: number): Manifest => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `of-${bytes}`, namespace: ns },
      data: { one: Buffer.alloc(bytes).toString("base64") },
    });
    await s.apply(held(most));
    const secret = await s.refused(held(most + 1));
    expect(secret.causes).toMatchObject([{ reason: "FieldValueTooLong", field: "data" }]);
  });

  test("a change of an immutable ConfigMap", async () => {
    const ns = await s.namespace();
    const frozen = (a: string): Manifest => ({ ...configMap(ns, "frozen", { a }), immutable: true });
    await s.apply(frozen("1"));
    const refused = await s.refused(frozen("2"));
    expect(refused).toMatchObject({ status: 422, reason: "Invalid" });
    expect(refused.causes).toMatchObject([
      { field: "data", message: expect.stringContaining("field is immutable when `immutable` is set") },
    ]);
  });

  test("a namespaced manifest without a namespace is the caller's bug", async () => {
    const manifest: Manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "nowhere" } };
    await expect(s.refused(manifest)).rejects.toThrow(/has no namespace/);
  });
}
