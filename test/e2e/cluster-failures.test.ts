import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { type Cluster, connect, problemFailure } from "../../src/cluster/index.ts";
import type { Json, Manifest } from "../../src/model/index.ts";
import { refOf } from "../../src/model/index.ts";
import { kubeconfigText } from "../cluster-lab/config-files.ts";
import { configMap, crd, deployment, type Subject, subject, unique } from "../contract/cluster/subject.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

const CANARY = "canary-6f1d9c";

describeWithCluster("what a real API server refuses", () => {
  let s: Subject;
  const opened: Cluster[] = [];
  const as = async (user: "admin" | "viewer" | "nobody"): Promise<Subject> => {
    const paths = [sharedCluster().kubeconfigPath];
    const access = { kind: "kubeconfig", paths, context: user } as const;
    const connection = await connect({ access, userAgent: "gitops/0.0.0", attempts: 1 }, systemClock());
    if (!connection.ok) throw new Error(JSON.stringify(connection.failures));
    opened.push(connection.value);
    return subject(connection.value);
  };
  beforeAll(async () => {
    s = await as("admin");
  });
  afterAll(async () => {
    await Promise.all(opened.map((cluster) => cluster.close()));
  });

  /** The failure that an apply ends in. */
  const failure = async (manifest: Manifest, by: Subject = s) =>
    problemFailure(await by.refused(manifest), { verb: "apply", what: refOf(manifest), at: { path: "app/it.yaml" } });

  test("a failure names the object, the place, the cause and the next step", async () => {
    const ns = unique("missing");
    expect(await failure(configMap(ns, "x", {}))).toEqual({
      code: "apply/missing-namespace",
      message: `apply ConfigMap ${ns}/x: namespaces "${ns}" not found`,
      remedy: `add a Namespace ${ns} to the repository, or create it`,
      at: { path: "app/it.yaml" },
      object: `ConfigMap ${ns}/x`,
    });
  });

  const container = { name: "web", image: "example.test/web:1" };
  const metadata = { name: "it" };
  const template = (app: string, more = {}) => ({
    metadata: { labels: { app } },
    spec: { containers: [container], ...more },
  });
  const claim = (storage: string) => ({
    accessModes: ["ReadWriteOnce"],
    storageClassName: "none",
    resources: { requests: { storage } },
    ...(storage === "2Gi" ? { volumeName: "other" } : {}),
  });
  const immutable: readonly (readonly [string, string, Json, Json])[] = [
    [
      "apps/v1",
      "Deployment",
      { selector: { matchLabels: { app: "a" } }, template: template("a") },
      { selector: { matchLabels: { app: "b" } }, template: template("b") },
    ],
    [
      "apps/v1",
      "StatefulSet",
      { serviceName: "a", selector: { matchLabels: { app: "a" } }, template: template("a") },
      { serviceName: "b", selector: { matchLabels: { app: "a" } }, template: template("a") },
    ],
    [
      "batch/v1",
      "Job",
      { template: template("a", { restartPolicy: "Never" }) },
      { template: template("b", { restartPolicy: "Never" }) },
    ],
    [
      "v1",
      "Service",
      { clusterIP: "10.96.77.6", ports: [{ port: 80 }] },
      { clusterIP: "10.96.77.7", ports: [{ port: 80 }] },
    ],
    ["v1", "PersistentVolumeClaim", claim("1Gi"), claim("2Gi")],
    ["v1", "Pod", { containers: [container] }, { containers: [container], nodeName: "elsewhere" }],
  ];
  test.each(immutable)("a change of an immutable field: %s %s", async (apiVersion, kind, before, after) => {
    const namespace = await s.namespace();
    const manifest = (spec: Json): Manifest => ({ apiVersion, kind, metadata: { ...metadata, namespace }, spec });
    await s.apply(manifest(before));
    const { code, message, remedy } = await failure(manifest(after));
    expect({ code, message }).toEqual({
      code: "apply/immutable",
      message: expect.stringContaining(`${kind} ${namespace}/it`),
    });
    expect(remedy).toContain("recreate");
  });

  test("a change of a RoleBinding's role", async () => {
    const namespace = await s.namespace();
    const rbac = "rbac.authorization.k8s.io";
    const binding = (name: string): Manifest => ({
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { ...metadata, namespace },
      roleRef: { apiGroup: rbac, kind: "Role", name },
    });
    await s.apply(binding("a"));
    expect((await failure(binding("b"))).code).toBe("apply/immutable");
  });

  test("what is merely invalid is not called immutable", async () => {
    const namespace = await s.namespace();
    expect((await failure(deployment(namespace, "it", { replicas: -1 }))).code).toBe("apply/invalid");
    expect((await failure(deployment(namespace, "it", { replica: 1 }))).code).toBe("apply/invalid");
    expect((await failure(configMap(namespace, "it", { a: true }))).code).toBe("apply/invalid");
    expect((await failure(configMap(namespace, "Not_A_Name", {}))).code).toBe("apply/invalid");
    await s.apply(deployment(namespace, "it"));
    expect((await failure(deployment(namespace, "it", { replicas: -1 }))).code).toBe("apply/invalid");
  });

  test("a user without the right", async () => {
    const namespace = await s.namespace();
    const viewer = await as("viewer");
    const denied = await failure(configMap(namespace, "x", {}), viewer);
    expect(denied.code).toBe("apply/forbidden");
    expect(denied.message).toContain('User "viewer" cannot patch resource "configmaps"');
    const nobody = await as("nobody");
    const answer = await nobody.cluster.list(await s.kind("ConfigMap"), { namespace }, s.signal);
    expect(!answer.ok && problemFailure(answer.problem, { verb: "list", what: "ConfigMap" }).code).toBe(
      "cluster/forbidden",
    );
  });

  test("a version that is not served", async () => {
    const manifest = { ...deployment(await s.namespace(), "it"), apiVersion: "apps/v1beta1" };
    expect((await failure(manifest)).code).toBe("apply/unknown-kind");
  });

  test("another field manager's field, without force", async () => {
    const namespace = await s.namespace();
    await s.apply(configMap(namespace, "it", { a: "1" }), { fieldManager: "other" });
    const problem = await s.refused(configMap(namespace, "it", { a: "2" }), { force: false });
    expect(problemFailure(problem, { verb: "apply" })).toMatchObject({
      code: "apply/conflict",
      message: expect.stringContaining('"other"'),
    });
  });

  test("an admission policy that denies, quoting what it got", async () => {
    const namespace = await s.namespace();
    const name = unique("policy");
    const apiVersion = "admissionregistration.k8s.io/v1";
    const resourceRules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["secrets"] }];
    await s.apply({
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      spec: {
        matchConstraints: { resourceRules },
        validations: [{ expression: "false", messageExpression: "string(object.metadata.annotations['say'])" }],
      },
    });
    await s.apply({
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: {
        policyName: name,
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } },
      },
    });
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "x", namespace, annotations: { say: CANARY } },
    };
    const kind = await s.kindOf(secret);
    const options = { fieldManager: "gitops", force: true, dryRun: true };
    const isAllowed = async () => (await s.cluster.apply(kind, secret, options, s.signal)).ok;
    await expect.poll(isAllowed, { timeout: 20_000 }).toBe(false);
    const denied = await failure(secret);
    expect(denied).toMatchObject({ code: "apply/webhook", remedy: expect.stringContaining(name) });
    expect(JSON.stringify({ ...denied })).not.toContain(CANARY);
  });

  test("a webhook that denies, quoting what it got, and one that does not answer", async () => {
    const { certificate, ca } = sharedCluster();
    const server = createServer(certificate, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const review = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { request: { uid: string; object: Json } };
        const status = { code: 422, reason: "Invalid", message: `no: ${JSON.stringify(review.request.object)}` };
        const answer = {
          apiVersion: "admission.k8s.io/v1",
          kind: "AdmissionReview",
          response: { uid: review.request.uid, allowed: false, status },
        };
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const namespace = await s.namespace();
    const name = unique("denies");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const rules = [
      { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["secrets", "configmaps"] },
    ];
    const webhook: Manifest = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.com`,
          clientConfig: { url, caBundle: Buffer.from(ca).toString("base64") },
          rules,
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
          sideEffects: "None",
          timeoutSeconds: 1,
          admissionReviewVersions: ["v1"],
        },
      ],
    };
    await s.apply(webhook);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "x", namespace }, stringData: { a: CANARY } };
    try {
      const inForce = async () => {
        const kind = await s.kind("ConfigMap");
        const options = { fieldManager: "gitops", force: true, dryRun: true };
        return (await s.cluster.apply(kind, configMap(namespace, unique("probe"), {}), options, s.signal)).ok;
      };
      await expect.poll(inForce, { timeout: 20_000 }).toBe(false);
      const denied = await failure(configMap(namespace, "x", { a: "shown" }));
      expect(denied).toMatchObject({ code: "apply/webhook", message: expect.stringContaining("shown") });
      const quiet = await failure(secret);
      expect(quiet.code).toBe("apply/webhook");
      expect(quiet.message).toContain(`admission webhook "${name}.example.com" denied the request`);
      expect(JSON.stringify(quiet)).not.toContain(CANARY);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      const unanswered = await failure(configMap(namespace, "x", {}));
      expect(unanswered).toMatchObject({
        code: "apply/webhook",
        remedy: expect.stringContaining(`${name}.example.com`),
      });
    } finally {
      server.close();
      const live = await s.metadata(webhook);
      const options = { uid: live.uid, resourceVersion: live.resourceVersion, propagation: "Background" } as const;
      await s.cluster.remove(await s.kindOf(webhook), "", name, options, s.signal);
    }
  });

  const bad: readonly (readonly [string, Record<string, Json>])[] = [
    ["no base64", { data: { a: `${CANARY}!` } }],
    ["a list for a value", { stringData: { a: [CANARY] } }],
    ["a number for a value", { stringData: { a: { deep: CANARY } } }],
    ["a key that is no key", { stringData: { "bad key": CANARY } }],
    ["a type that is no type", { type: "kubernetes.io/tls", stringData: { "tls.crt": CANARY } }],
    [
      "a Docker config that is none",
      { type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": CANARY } },
    ],
    ["a field that it does not have", { stringdata: { a: CANARY } }],
  ];
  test.each(bad)("a Secret's values stay out of what is said: %s", async (_what, more) => {
    const namespace = await s.namespace();
    const manifest: Manifest = { apiVersion: "v1", kind: "Secret", metadata: { ...metadata, namespace }, ...more };
    const refused = await s.refused(manifest);
    expect(JSON.stringify(refused)).not.toContain(CANARY);
    expect((await failure(manifest)).code).toBe("apply/invalid");
  });

  test("an immutable Secret's values stay out of what is said", async () => {
    const namespace = await s.namespace();
    const secret = (a: string): Manifest => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { ...metadata, namespace },
      immutable: true,
      stringData: { a },
    });
    await s.apply(secret("one"));
    const refused = await failure(secret(CANARY));
    expect(refused).toMatchObject({ code: "apply/immutable" });
    expect(JSON.stringify(refused)).not.toContain(CANARY);
  });

  test("a definition that is no definition", async () => {
    const group = `${unique("x")}.example.com`;
    const broken = crd({ group, plural: "things", kind: "Thing", spec: { type: "nothing" } });
    expect((await failure(broken)).code).toBe("apply/invalid");
  });

  test("no server at all", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gitops-failures-"));
    const { ca, tokenOf } = sharedCluster();
    writeFileSync(join(folder, "kubeconfig"), kubeconfigText("https://127.0.0.1:1", ca, tokenOf));
    const access = { kind: "kubeconfig", paths: [join(folder, "kubeconfig")] } as const;
    const connection = await connect({ access, userAgent: "gitops/0.0.0", attempts: 1 }, systemClock());
    rmSync(folder, { recursive: true });
    if (!connection.ok) throw new Error("it was refused");
    const answer = await connection.value.identity(s.signal);
    expect(!answer.ok && problemFailure(answer.problem, { verb: "read" })).toMatchObject({
      code: "cluster/unreachable",
      message: "read: connect ECONNREFUSED 127.0.0.1:1",
    });
    await connection.value.close();
  });
});
